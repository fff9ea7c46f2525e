package content

// A State is where a run stands.
type State string

package train

// syncDir does nothing: Windows cannot flush a directory.
func syncDir(string) error { return nil }

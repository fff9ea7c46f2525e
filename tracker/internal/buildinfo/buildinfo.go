// Package buildinfo says which program this is, and on which machine it runs.
package buildinfo

import (
	"os"
	"runtime/debug"
	"sync"
)

// Version says which program this is: its main package and, if it was built in a repository, the revision.
var Version = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return describeBuild(info)
})

func describeBuild(info *debug.BuildInfo) string {
	var revision, modified string
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				modified = "+modified"
			}
		}
	}
	version := info.Main.Version
	if revision != "" {
		version = revision[:min(len(revision), 12)] + modified
	}
	if version == "" || version == "(devel)" {
		return info.Path
	}
	return info.Path + "@" + version
}

// Host is the name of this machine.
func Host() string {
	host, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return host
}

package tracker

import (
	"os"
	"runtime/debug"
	"sync"
)

// codeVersion says which program this is: its main package and, if it was built in a repository, the revision.
var codeVersion = sync.OnceValue(func() string {
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

func hostName() string {
	host, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return host
}

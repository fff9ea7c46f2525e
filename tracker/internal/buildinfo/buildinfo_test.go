package buildinfo

import (
	"runtime/debug"
	"testing"
)

func TestDescribeBuild(t *testing.T) {
	vcs := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}}
	for _, test := range []struct {
		info debug.BuildInfo
		want string
	}{
		{debug.BuildInfo{Path: "example.com/train", Main: debug.Module{Version: "v0.0.0-2026"}, Settings: vcs}, "example.com/train@0123456789ab+modified"},
		{debug.BuildInfo{Path: "example.com/train", Main: debug.Module{Version: "v1.2.3"}}, "example.com/train@v1.2.3"},
		{debug.BuildInfo{Path: "command-line-arguments", Main: debug.Module{Version: "(devel)"}}, "command-line-arguments"},
	} {
		if got := describeBuild(&test.info); got != test.want {
			t.Errorf("describeBuild = %q, want %q", got, test.want)
		}
	}
}

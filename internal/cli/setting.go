package cli

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoetrope-ml/zoetrope/projector"
)

// SettingFlags adds a flag for each setting of a map to f, which sets it in o; for those of the given names only, if there are
// any. The defaults are what o holds.
func SettingFlags(f *pflag.FlagSet, o *projector.Options, names ...string) {
	for _, s := range projector.Settings() {
		if len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		flag := strings.ReplaceAll(s.Name, "_", "-")
		switch p := s.In(o).(type) {
		case *string:
			f.StringVar(p, flag, *p, s.Usage())
		case *int:
			f.IntVar(p, flag, *p, s.Usage())
		case *float64:
			f.Float64Var(p, flag, *p, s.Usage())
		case *uint64:
			f.Uint64Var(p, flag, *p, s.Usage())
		}
	}
}

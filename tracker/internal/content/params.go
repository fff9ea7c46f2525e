package content

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// lengths are the params that say how long a training is to last, without case, "-" and "_".
var lengths = map[string]bool{
	"epochs": true, "nepochs": true, "numepochs": true, "nbepochs": true, "maxepochs": true, "totalepochs": true, "numtrainepochs": true,
	"steps": true, "nsteps": true, "numsteps": true, "maxsteps": true, "totalsteps": true, "trainsteps": true, "numtrainsteps": true,
	"iterations": true, "niterations": true, "numiterations": true, "maxiterations": true, "totaliterations": true,
	"iters": true, "niter": true, "niters": true, "numiters": true, "maxiter": true, "maxiters": true, "totaliters": true,
	"maxtime": true, "timelimit": true,
}

// mayChange reports whether a param may be another one when a run is resumed: one that says how long to train, or one that
// change names. path leads to it through the objects that it is in, with dots.
func mayChange(path string, change []string) bool {
	name := path[strings.LastIndexByte(path, '.')+1:]
	return lengths[strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))] || slices.Contains(change, path)
}

// AmendParams returns the params that a run with the given ones before has when it is resumed with others, both as
// EncodeJSONObject writes them, and for people how they differ where they must not: "lr is 0.001, was 3e-06".
func AmendParams(before, after string, change []string) (params, diff string, err error) {
	var was, is map[string]json.RawMessage
	for _, v := range []struct {
		text string
		into *map[string]json.RawMessage
	}{{before, &was}, {after, &is}} {
		if err := json.Unmarshal([]byte(v.text), v.into); err != nil {
			return "", "", err
		}
	}
	merged, differ := amendObject("", was, is, change)
	b, err := json.Marshal(merged)
	return string(b), strings.Join(differ, ", "), err
}

func amendObject(path string, was, is map[string]json.RawMessage, change []string) (merged map[string]json.RawMessage, differ []string) {
	merged = maps.Clone(was)
	maps.Copy(merged, is) // a param that may change and is not given stays
	for _, k := range slices.Sorted(maps.Keys(merged)) {
		w, inWas := was[k]
		i, inIs := is[k]
		var below, now map[string]json.RawMessage
		switch {
		case inWas && inIs && string(w) == string(i), mayChange(path+k, change):
		case !inWas:
			differ = append(differ, fmt.Sprintf("%s is %s, was not set", path+k, i))
		case !inIs:
			differ = append(differ, fmt.Sprintf("%s is not set, was %s", path+k, w))
		case json.Unmarshal(w, &below) == nil && json.Unmarshal(i, &now) == nil && below != nil && now != nil:
			inner, more := amendObject(path+k+".", below, now, change)
			differ = append(differ, more...)
			merged[k], _ = json.Marshal(inner) // of what was just read
		default:
			differ = append(differ, fmt.Sprintf("%s is %s, was %s", path+k, i, w))
		}
	}
	return merged, differ
}

// EditParams sets params and removes others, as JSON.
func EditParams(text string, set map[string]any, remove []string) (string, error) {
	params, err := DecodeJSONObject(text)
	if err != nil {
		return "", err
	}
	if params == nil {
		params = map[string]any{}
	}
	for k := range set {
		if k == "" || !Storable(k) {
			return "", fmt.Errorf("the name %q must be text", k)
		}
	}
	maps.Copy(params, set)
	for _, k := range remove {
		delete(params, k)
	}
	return EncodeJSONObject(params)
}

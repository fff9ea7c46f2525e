package projector

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
)

// MethodGiven is the method, and the mode, of a projection that another program computed.
const MethodGiven = "given"

// methodAuto is what [Options].Method says where the number of points decides.
const methodAuto = "auto"

// A Method is an algorithm that lays points out. The choices of [Options].Method, its help, the title of a map and the table
// in docs/options.md are made of the list of methods.
type Method struct {
	Name     string   // as in [Options].Method and in the store
	Title    string   // for people
	Help     string   // one line, without a full stop
	Settings []string // the names of those [Settings] that only some methods read, and this one does

	auto int // for up to so many points, auto may choose it; 0: never. Auto takes the first of the list that it may

	// fit lays the rows of src out, rows×dims, from start or, where that is nil, from where the options say.
	fit func(ctx context.Context, src *source, o Options, start []float32, progress Progress) ([]float32, Stages, error)
	// place finds places for the rows of the fresh frames of src on the map that y (rows×dims) holds for the others, which stay
	// where they are.
	place func(ctx context.Context, src *source, y []float32, fresh []bool, o Options, progress Progress) error
}

// methods are the rows of the table. New points are placed among their neighbours by [place], whatever laid out the map.
var methods = []Method{
	{
		Name: "umap", Title: "UMAP", Help: "neighbours stay neighbours, by McInnes, Healy and Melville 2018",
		Settings: []string{"mode", "n_neighbors", "min_dist", "spread", "n_epochs", "init", "learning_rate", "negative_sample_rate", "repulsion_strength",
			"set_op_mix_ratio", "local_connectivity", "epoch_negatives", "tie_weight", "travel"},
		auto: math.MaxInt, fit: fitUMAP, place: place,
	},
}

// Methods lists what [Options].Method accepts: auto takes what suits the number of points.
var Methods = methodNames()

func methodNames() []string {
	names := []string{methodAuto}
	for _, m := range methods {
		names = append(names, m.Name)
	}
	return names
}

// findMethod returns the method of a name, and false for one that lays nothing out, as [MethodGiven].
func findMethod(name string) (Method, bool) {
	i := slices.IndexFunc(methods, func(m Method) bool { return m.Name == name })
	if i < 0 {
		return Method{}, false
	}
	return methods[i], true
}

// method is the method that o asks for at the given number of points. The options are valid.
func (o Options) method(points int) Method {
	if o.Method == methodAuto {
		return methods[slices.IndexFunc(methods, func(m Method) bool { return m.auto > 0 && points <= m.auto })]
	}
	m, _ := findMethod(o.Method)
	return m
}

// MethodTitle returns what a map by a method is called: "UMAP", or "Imported" where another program computed it. Before the
// number of points is known, a map by the method auto may have no better title than that.
func MethodTitle(name string) string {
	switch name {
	case MethodGiven:
		return "Imported"
	case methodAuto:
		if m := (Options{Method: methodAuto}).method(0); m.auto == math.MaxInt {
			return m.Title // for any number of points
		}
		return "Automatic"
	}
	if m, ok := findMethod(name); ok {
		return m.Title
	}
	return strings.ToUpper(name) // of a later version
}

// MethodSettings returns the names of the [Settings] that a method reads; for auto, those that a method reads which auto may
// choose. Of a map that another program computed, there is none.
func MethodSettings(name string) []string {
	reads := func(s Setting) bool {
		return s.Methods == nil || slices.ContainsFunc(s.Methods, func(m string) bool {
			of, _ := findMethod(m)
			return m == name || name == methodAuto && of.auto > 0
		})
	}
	names := []string{}
	if _, ok := findMethod(name); !ok && name != methodAuto {
		return names
	}
	for _, s := range Settings() {
		if reads(s) {
			names = append(names, s.Name)
		}
	}
	return names
}

// Choice says which method was used and, where auto chose it, why.
func (i Info) Choice() string {
	if i.Options.Method == i.Method {
		return i.Method
	}
	m, _ := findMethod(i.Method)
	if m.auto == math.MaxInt {
		return fmt.Sprintf("%s (chosen by %s, for any number of points)", i.Method, i.Options.Method)
	}
	return fmt.Sprintf("%s (chosen by %s, for up to %d points)", i.Method, i.Options.Method, m.auto)
}

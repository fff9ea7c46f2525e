package rawsqlite

import (
	"fmt"
	"iter"
)

// A Row is a row of a table, or of an index, as it lies in the file.
type Row struct {
	Table    string // or the index; empty: no tree that leads to the page could be read
	Index    bool   // the row is of an index: the indexed columns, then the rowid
	Rowid    int64  // only of tables that have one
	HasRowid bool   // the page is of a table that has rowids; else of a WITHOUT ROWID table or of an index
	Page     uint32
	Values   []any // as declared, but for a WITHOUT ROWID table the primary key first; the column that is the rowid is nil
}

// Rows yields every row that can be read: those of the trees that can be followed, in the order of pages, then those on pages
// that no tree leads to any more. An error names a page or a row that cannot be read; there may be more after it. progress,
// which may be nil, is called with pages.
func (f *File) Rows(progress func(done, total int)) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, err := range f.unreached {
			if !yield(Row{}, err) {
				return
			}
		}
		for pass, lost := range []bool{false, true} {
			for n := uint32(1); n <= f.pages; n++ {
				if progress != nil && n%64 == 0 {
					progress(pass*int(f.pages)+int(n), 2*int(f.pages))
				}
				if name, reached := f.owner[n]; reached != lost && !f.free[n] && name != schemaName && !f.rowsOf(n, name, yield) {
					return
				}
			}
		}
	}
}

// Table yields the rows of one table or index that a tree leads to.
func (f *File) Table(name string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for n := uint32(1); n <= f.pages; n++ {
			if f.owner[n] == name && !f.rowsOf(n, name, yield) {
				return
			}
		}
	}
}

// schemaName stands for the table of the tables.
const schemaName = "sqlite_schema"

// reach follows the trees from their roots, and notes which page belongs to which.
func (f *File) reach() {
	f.walk(1, schemaName, tableInterior)
	for row, err := range f.Table(schemaName) {
		if err != nil {
			f.unreached = append(f.unreached, err)
			continue
		}
		if len(row.Values) != 5 {
			continue
		}
		kind, _ := row.Values[0].(string)
		name, _ := row.Values[1].(string)
		root, _ := row.Values[3].(int64)
		if root < 1 || root > int64(f.pages) || name == "" {
			continue // a view
		}
		f.index[name] = kind == "index"
		f.walk(uint32(root), name, 0)
	}
}

// walk marks a page and those below it as name's. want is the kind of pages that may be inside the tree, if known.
func (f *File) walk(n uint32, name string, want byte) {
	report := func(err error) { f.unreached = append(f.unreached, fmt.Errorf("%s: %w", name, err)) }
	if _, seen := f.owner[n]; seen {
		report(fmt.Errorf("page %d belongs to %s, too", n, f.owner[n]))
		return
	}
	b, err := f.page(n)
	if err != nil {
		report(err)
		return
	}
	x, err := f.parse(n, b)
	if err != nil {
		if n == 1 || f.free[n] {
			f.owner[n] = name // cannot be another's
		}
		report(err)
		return
	}
	if want == 0 {
		want = tableInterior
		if x.kind == indexInterior || x.kind == indexLeaf {
			want = indexInterior
		}
	}
	if x.kind != want && x.kind != want+8 {
		report(fmt.Errorf("page %d is of another tree", n))
		return
	}
	f.owner[n] = name
	for _, child := range x.children {
		f.walk(child, name, want)
	}
}

// rowsOf yields the rows on page n.
func (f *File) rowsOf(n uint32, name string, yield func(Row, error) bool) bool {
	for row, err := range f.rowsOn(n) {
		if err != nil && name == "" {
			continue // a page that nobody knows may be anything
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
		row.Table, row.Index = name, f.index[name]
		if !yield(row, err) {
			return false
		}
	}
	return true
}

func (f *File) rowsOn(n uint32) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		b, err := f.page(n)
		if err != nil {
			yield(Row{}, err)
			return
		}
		x, err := f.parse(n, b)
		if err != nil {
			yield(Row{}, err)
			return
		}
		if x.bad > 0 && !yield(Row{}, fmt.Errorf("%d of the rows on page %d cannot be read", x.bad, n)) {
			return
		}
		for _, c := range x.cells {
			payload, err := f.payload(c)
			var values []any
			if err == nil {
				values, err = decodeRecord(payload)
			}
			if err != nil {
				err = fmt.Errorf("page %d, row %d: %w", n, c.rowid, err)
			}
			if !yield(Row{Rowid: c.rowid, HasRowid: x.kind == tableLeaf, Page: n, Values: values}, err) {
				return
			}
		}
	}
}

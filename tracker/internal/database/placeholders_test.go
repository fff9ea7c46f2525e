package database

import "testing"

func TestPlaceholders(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT 1":                             "SELECT 1",
		"WHERE a = ? AND b IN (?, ?)":          "WHERE a = $1 AND b IN ($2, $3)",
		"WHERE a = '?' AND b = ?":              "WHERE a = '?' AND b = $1",
		"WHERE a = 'it''s ?' AND b = ?":        "WHERE a = 'it''s ?' AND b = $1",
		`SELECT "?" - ? -- why?` + "\n FROM ?": `SELECT "?" - $1 -- why?` + "\n FROM $2",
		"SELECT ?-- the end?":                  "SELECT $1-- the end?",
		"SELECT 'open ?":                       "SELECT 'open ?",
		"?,?,?,?,?,?,?,?,?,?":                  "$1,$2,$3,$4,$5,$6,$7,$8,$9,$10",
	} {
		if got := new(postgresEngine).placeholders(query); got != want {
			t.Errorf("placeholders(%q) = %q, want %q", query, got, want)
		}
	}
}

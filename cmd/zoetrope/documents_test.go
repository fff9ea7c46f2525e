package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocuments: the files that the documents at the root link to or name are there, as parts of the tree move.
func TestDocuments(t *testing.T) {
	const root = "../.."
	var files []string // and folders, below the root
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && slices.Contains([]string{".git", "node_modules", ".cache", "release"}, e.Name()) {
			return fs.SkipDir
		}
		files = append(files, filepath.ToSlash(path))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var (
		link = regexp.MustCompile(`\]\(([^)#:]+)[^)]*\)`)
		name = regexp.MustCompile("`([A-Za-z0-9_./-]+(?:\\.(?:go|ts|json|md|py|sql)|/[a-z0-9]+))`")
	)
	for _, document := range []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"} {
		b, err := os.ReadFile(filepath.Join(root, document))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, m := range link.FindAllStringSubmatch(string(b), -1) {
			if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
				t.Errorf("%s links to %s: %v", document, m[1], err)
			}
		}
		if document != "ARCHITECTURE.md" { // the others name files of users, too
			continue
		}
		for _, m := range name.FindAllStringSubmatch(string(b), -1) {
			if strings.Contains(m[1], "NAME") {
				continue
			}
			if !slices.ContainsFunc(files, func(f string) bool { return strings.HasSuffix(f, "/"+m[1]) }) {
				t.Errorf("%s names %s, which is not there", document, m[1])
			}
		}
	}
}

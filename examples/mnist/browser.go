package main

import (
	"context"
	"os/exec"
	"runtime"
	"time"
)

// browse opens url in the user's browser.
func browse(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c := opener(runtime.GOOS, url)
	return exec.CommandContext(ctx, c[0], c[1:]...).Run()
}

// opener returns the command that opens an address on an operating system.
func opener(system, url string) []string {
	switch system {
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler", url}
	case "darwin":
		return []string{"open", url}
	}
	return []string{"xdg-open", url}
}

package main

import (
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/internal/cli/clitest"
)

func TestEveryCommandHasExamples(t *testing.T) {
	clitest.Examples(t, newRoot(&app{&cli.App{Stdout: t.Output(), Stderr: t.Output()}}, nil))
}

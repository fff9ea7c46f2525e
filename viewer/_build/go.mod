// The front end's build and its tests that need no browser: a module of its own,
// so that esbuild never reaches those who use Zoetrope.
module github.com/zoetrope-ml/zoetrope/viewer/_build

go 1.26.0

require github.com/evanw/esbuild v0.28.2

require golang.org/x/sys v0.0.0-20220722155257-8c9f86f7a55f // indirect

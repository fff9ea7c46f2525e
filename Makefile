# Two commands do all the set-up on a machine with Go: `go run ./examples/mnist` and `make test`.
#
#   make test       everything CI runs: set-up, static checks, generated files, every suite
#   make short      while you work: gofmt, vet, and the tests that need no browser, Python, PostgreSQL or further processes
#   make page       types and layout of the page's sources; npm run format, in server/page/web, mends the layout
#   make generate   regenerate assembly and the page's bundle
#   make crash      kill 1,000 writers at random moments, and see that nothing acknowledged is lost
#   make attack     attack a server from outside, and print what it costs those who have a token, and the server; damage a store
#   make bombs      import files that are far larger when they are read, and print the memory that each takes
#   make fuzz       every fuzz target of the module, FUZZTIME (10m) each
#   make release    the command for linux, macOS and Windows, in release/, with checksums
#   make mnist      the example

GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
CONCURRENT = ./tracker/... ./server/... ./projector/... ./train/... ./internal/... ./examples/...

.PHONY: bombs fuzz million crash attack test short setup fmt vet staticcheck vuln generate generated unit race purego levels page release reproduce mnist
.NOTPARALLEL:

test: setup fmt vet staticcheck page generated unit race purego levels vuln
	@.ci/skipped

# Under two minutes on two idle cores, once the packages are compiled. What this and -short leave out, make test runs.
short: fmt
	$(GO) vet ./...
	$(GO) test -C server/page/_build ./...
	ZOETROPE_TEST_ENGINE=sqlite $(GO) test -short -skip '^Test(PowerLoss|DamagedPages|Life|Limits)$$' ./...

# Installs what the full suite needs and this machine lacks; without the right to, names what will be skipped.
setup:
	@.ci/setup

fmt:
	@bad=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$bad" ] || { echo "gofmt: $$bad"; exit 1; }

vet:
	$(GO) vet ./...
	$(GO) vet -tags purego ./...
	GOARCH=arm64 $(GO) vet ./...
	GOARCH=386 $(GO) vet ./cmd/... ./tracker/... ./projector/... ./interchange/... ./server/...
	[ "$$($(GO) env GOHOSTOS GOHOSTARCH | xargs)" != "linux amd64" ] || GOARCH=386 $(GO) test -short ./internal/value ./internal/vec ./interchange/internal/... ./projector/space
	GOOS=windows $(GO) vet ./tracker/... ./server/... ./projector/... ./cmd/... ./examples/...
	GOOS=darwin GOARCH=arm64 $(GO) vet ./tracker/... ./server/... ./projector/... ./cmd/... ./examples/...

staticcheck:
	$(GO) run $(STATICCHECK) ./...
	$(GO) run $(STATICCHECK) -tags purego ./internal/... ./train/... ./projector/...

# By TypeScript and Prettier, in the versions of server/page/web/package-lock.json, which set-up installs.
page:
	@if cmp -s server/page/web/package-lock.json server/page/web/node_modules/.installed; then npm --prefix server/page/web run --silent check; \
		else .ci/skipped "types and layout of the page's sources" "npm, and what it installs"; fi

generate:
	$(GO) generate ./...

# Generated files must come out again byte for byte.
generated: generate
	@git diff --exit-code --stat -- '*.s' '*_amd64.go' server/page docs || { echo "generated files differ: run make generate and commit"; exit 1; }

# The page's pure parts are tested by its builder, which is a module of its own.
unit:
	$(GO) test -C server/page/_build -count=1 ./...
	$(GO) test -count=1 -timeout 30m ./...

# What is skipped does one thing after another for minutes under the race detector, or measures memory that it multiplies: it runs in unit.
race:
	@if command -v gcc >/dev/null; then \
		ZOETROPE_TEST_ENGINE=sqlite CGO_ENABLED=1 $(GO) test -race -count=1 -timeout 30m -skip '^Test(PowerLoss|DamagedPages|Life|Limits|Attack.*|FlippedBits|CorruptedPages)$$' $(CONCURRENT) && \
		ZOETROPE_TEST_ENGINE=postgres CGO_ENABLED=1 $(GO) test -race -count=1 -run 'Concurrent|Changes|Close|Heartbeat|Async|Lock|Lost|Server' ./tracker; else .ci/skipped "race detector" "gcc"; fi

purego:
	ZOETROPE_TEST_ENGINE=sqlite $(GO) test -count=1 -tags purego ./internal/... ./train/... ./projector/...

# Each CPU level that this machine has, forced; the kernels' own test says whether it was chosen. The highest is what unit
# runs on, and the code of the lowest is all that purego has: of that, only the choice is left to test.
levels:
	@best=; for l in avx512 avx2 generic; do \
		all="./internal/... ./train/... ./projector/..."; [ $$l != generic ] || all=./internal/...; \
		if ! ZOETROPE_CPU=$$l $(GO) test -count=1 -run TestLevelAsked ./internal/vec >/dev/null; then echo "level $$l: NOT RUN (this CPU lacks it)"; \
		elif [ -z "$$best" ]; then best=$$l; echo "level $$l: what unit ran on"; \
		else echo "level $$l"; ZOETROPE_TEST_ENGINE=sqlite ZOETROPE_CPU=$$l $(GO) test -count=1 $$all || exit 1; fi; done

# Exit 3 is a finding; any other failure means that the vulnerability data could not be had here.
vuln:
	@timeout 120 $(GO) run $(GOVULNCHECK) ./...; c=$$?; case $$c in 0) ;; 3) exit 3 ;; *) echo "govulncheck: NOT RUN (its data cannot be had here)" ;; esac

crash:
	$(GO) test -count=1 -timeout 60m -v -run 'TestKilled$$' ./tracker -kills 1000
	ZOETROPE_KILLS=300 $(GO) test -count=1 -timeout 60m -v -run 'TestClient$$' ./clients/python

# Bounded, on this machine's loopback address and in files of its own. make test runs it too, without the figures, and flips fewer bits.
attack:
	ZOETROPE_LOAD_SECONDS=120 $(GO) test -count=1 -timeout 30m -v -run '^TestAttack' ./server
	$(GO) test -count=1 -timeout 90m -v ./internal/attack -flips 10000 -corruptions 1008

# The page on a map of a million points, which the tests look at with 160,000.
million:
	ZOETROPE_MILLION=1 $(GO) test -count=1 -timeout 30m -v -run 'TestLargeMap$$' ./server/page

# A line for each file: its size, what is kept, the memory and the time. make test runs it too.
bombs:
	$(GO) test -count=1 -timeout 30m -v -run 'TestBombs$$' ./cmd/zoetrope

# Each target alone and with one worker, so that the counts compare.
FUZZTIME ?= 10m
fuzz:
	@for d in $$(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u); do \
		for f in $$(grep -oh '^func Fuzz[A-Za-z0-9]*' $$d/*_test.go | cut -c6-); do \
			echo "fuzz: $$d $$f"; \
			$(GO) test -run NONE -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x -parallel 1 ./$$d || exit 1; done; done

# Static and stripped, for amd64 and arm64. The bytes depend on the commit and on Go's version only.
release:
	GO=$(GO) .ci/release release

# Two builds of the commit compared; the rest of the platforms: .ci/reproduce OS/ARCH…
reproduce:
	GO=$(GO) .ci/reproduce

mnist:
	$(GO) run ./examples/mnist

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
)

// A watched is the page in a tab while it is measured.
type watched struct {
	ctx context.Context
	o   benchView
}

// watchPage opens the page at address in a Chromium of its own, and writes the measurements to r.
func watchPage(ctx context.Context, o benchView, address, dir string, r *viewResult, meter *cli.Meter) error {
	meter.Show("starting Chromium", 0, 6)
	tab, stop, err := startBrowser(ctx, o.browser, dir)
	if err != nil {
		return err
	}
	defer stop()
	// A browser that has just started is busy with itself; a user's has been running for a while.
	if err := sleep(tab, settle); err != nil {
		return err
	}
	version, err := chromedp.Call(tab, browser.GetVersion, cdp.Empty{})
	if err != nil {
		return err
	}
	r.Browser = strings.Replace(version.Product, "/", " ", 1)
	p := &watched{tab, o}
	for i, step := range []struct {
		name string
		do   func(*viewResult) error
	}{
		{"loading", func(r *viewResult) error { return p.load(address, r) }},
		{"playing", p.play},
		{"scrubbing", p.scrub},
		{"hovering", p.hover},
		{"measuring allocations", p.allocate},
		{"measuring the heap", p.heap},
	} {
		meter.Show(step.name, i, 6)
		if err := step.do(r); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// settle is how long the browser is left alone after its start.
const settle = 2 * time.Second

// arrival marks in Chromium's trace when the map was first drawn, in full or by a share of its points, and notes when all
// its epochs were there.
const arrival = `(() => {
	window.arrived = {};
	const request = window.requestAnimationFrame.bind(window);
	let before = 0;
	window.requestAnimationFrame = (f) => request((now) => {
		f(now);
		const z = window.zoetrope, map = z?.model.map;
		if (arrived.all || !z || z.counters.pictures === before) return;
		before = z.counters.pictures;
		if (!map || !(z.stage.panes.length > 0 || map.sketch)) return;
		arrived.first ??= performance.mark("` + drawnMark + `").startTime;
		if (map.frames.every(Boolean)) arrived.all ??= performance.now();
	});
})()`

func (p *watched) load(address string, r *viewResult) error {
	added, err := chromedp.Call(p.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: arrival})
	if err != nil {
		return err
	}
	var all sample
	for i := range p.o.loads {
		if i > 0 {
			if err := chromedp.Do(p.ctx, chromedp.Navigate("about:blank")); err != nil {
				return err
			}
			if err := p.sleep(settle); err != nil { // it may still draw the previous state
				return err
			}
		}
		events, err := traced(p.ctx, func() error {
			if err := chromedp.Do(p.ctx, chromedp.Navigate(address)); err != nil {
				return err
			}
			if err := p.wait(`window.arrived?.all > 0`, 2*time.Minute); err != nil {
				return err
			}
			if err := p.rest(); err != nil {
				return err
			}
			return p.sleep(settle / 4) // a frame is shown some time after it was drawn
		})
		if err != nil {
			return err
		}
		if err := keepTrace(p.o.trace, fmt.Sprintf("loading-%d", i+1), events); err != nil {
			return err
		}
		drawn, err := evaluate[float64](p, `arrived.first`)
		if err != nil {
			return err
		}
		shown, err := shownAt(events, drawn)
		if err != nil {
			return err
		}
		r.FirstMaps = append(r.FirstMaps, shown)
		here, err := evaluate[float64](p, `arrived.all`)
		if err != nil {
			return err
		}
		all = append(all, here)
	}
	r.FirstMap, r.AllEpochs = sample(r.FirstMaps).median(), all.median()
	if _, err := chromedp.Call(p.ctx, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams(added)); err != nil {
		return err
	}
	// Scripts take as long for few pixels as for many, and software draws few pixels faster: more frames are measured.
	if _, err := chromedp.Call(p.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 1000, Height: 400, DeviceScaleFactor: 1}); err != nil {
		return err
	}
	return p.rest()
}

// moved traces the page while act moves the map, and records the times of frames and the bytes sent to the GPU.
func (p *watched) moved(name string, act func() error, r *viewResult) (times scriptTimes, err error) {
	before, err := evaluate[int64](p, `zoetrope.counters.bytesUploaded`)
	if err != nil {
		return times, err
	}
	events, err := traced(p.ctx, act)
	if err != nil {
		return times, err
	}
	after, err := evaluate[int64](p, `zoetrope.counters.bytesUploaded`)
	if err != nil {
		return times, err
	}
	r.Uploaded += after - before
	if err := keepTrace(p.o.trace, name, events); err != nil {
		return times, err
	}
	return sumUp(name, frames(scriptsOf(events)))
}

func (p *watched) play(r *viewResult) (err error) {
	if err := p.turns(1, 0); err != nil { // so that everything is there and compiled
		return err
	}
	r.Play, err = p.moved("playing", func() error { return p.turns(1, 0) }, r)
	return err
}

// turns plays for a while, from a position in time, at a given speed.
func (p *watched) turns(speed, from float64) error {
	if err := p.run(fmt.Sprintf(`zoetrope.model.playhead.speed = %g; zoetrope.model.playhead.seek(%g)`, speed, from)); err != nil {
		return err
	}
	if err := chromedp.Do(p.ctx, chromedp.KeyEvent(" ")); err != nil {
		return err
	}
	if err := p.sleep(time.Duration(p.o.seconds * float64(time.Second))); err != nil {
		return err
	}
	if err := p.run(`zoetrope.model.playhead.seek(zoetrope.model.playhead.position)`); err != nil {
		return err
	}
	return p.rest()
}

func (p *watched) scrub(r *viewResult) (err error) {
	r.Scrub, err = p.moved("scrubbing", func() error { return p.drag(time.Duration(p.o.seconds*float64(time.Second)), 1<<30) }, r)
	return err
}

// drag drags the slider to and fro, until d has passed or after maxMoves movements.
func (p *watched) drag(d time.Duration, maxMoves int) error {
	box, err := evaluate[[]float64](p, `(() => { const r = document.getElementById("marks").getBoundingClientRect(); return [r.left, r.width, r.top + 4] })()`)
	if err != nil {
		return err
	}
	left := func(e *input.DispatchMouseEventParams) { e.Button, e.Buttons = input.MouseButtonLeft, 1 }
	mouse := func(kind input.DispatchMouseEventType, share float64, o ...chromedp.MouseOption) error {
		return chromedp.Do(p.ctx, chromedp.MouseEvent(kind, box[0]+box[1]*share, box[2], o...))
	}
	if err := mouse(input.DispatchMouseEventTypeMousePressed, 1, left, chromedp.ClickCount(1)); err != nil {
		return err
	}
	began := time.Now()
	for i := 1; time.Since(began) < d && i <= maxMoves; i++ {
		share := float64(i%100) / 100 // down to the first epoch in 50 movements, and back
		if share < 0.5 {
			share = 1 - share
		}
		if err := mouse(input.DispatchMouseEventTypeMouseMoved, 2*share-1, left); err != nil {
			return err
		}
	}
	if err := mouse(input.DispatchMouseEventTypeMouseReleased, 1, left, chromedp.ClickCount(1)); err != nil {
		return err
	}
	return p.rest()
}

// hover points at samples all over the map, one after the other.
func (p *watched) hover(r *viewResult) error {
	at, err := evaluate[[][]float64](p, `(() => {
		const s = document.getElementById("stage").getBoundingClientRect(), n = zoetrope.model.samples.count, out = [];
		for (let i = 0; i < Math.min(60, n); i++) {
			const p = zoetrope.stage.positionOf(Math.floor(i * n / 60.5));
			if (p && p[0] > 4 && p[0] < s.width - 4 && p[1] > 4 && p[1] < s.height - 4) out.push([s.x + p[0], s.y + p[1]]);
		}
		return out })()`)
	if err != nil {
		return err
	}
	events, err := traced(p.ctx, func() error {
		for _, a := range at {
			if err := chromedp.Do(p.ctx, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, a[0], a[1])); err != nil {
				return err
			}
			if err := p.rest(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := keepTrace(p.o.trace, "hovering", events); err != nil {
		return err
	}
	if r.Hover, err = sumUp("hovering", hovers(scriptsOf(events))); err != nil {
		return err
	}
	return chromedp.Do(p.ctx, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 1, 1))
}

// allocation is the garbage of a frame, in bytes, by Chromium's sampling heap profiler.
type allocation struct {
	Own    float64         `json:"page_bytes_per_frame"` // in the page's functions themselves
	All    float64         `json:"all_bytes_per_frame"`  // with the browser's, such as strings that it makes of numbers
	Frames int             `json:"frames"`
	By     []allocatedByFn `json:"by_function"` // most first
}

// allocatedByFn is the part of a function, with its place in the page's bundle.
type allocatedByFn struct {
	Function string  `json:"function"`
	Line     int64   `json:"line"`
	Column   int64   `json:"column"`
	Bytes    float64 `json:"bytes_per_frame"`
}

func (p *watched) allocate(r *viewResult) error {
	all := true
	// So slowly that it stays between two epochs: work done once per epoch does not belong to every frame.
	turns := func() error { return p.turns(0.3/1.5/p.o.seconds, 0.55) }
	if err := turns(); err != nil {
		return err
	}
	before, err := evaluate[int](p, `zoetrope.counters.pictures`)
	if err != nil {
		return err
	}
	if _, err := chromedp.Call(p.ctx, heapprofiler.StartSampling, heapprofiler.StartSamplingParams{
		SamplingInterval: 64, StackDepth: 64, IncludeObjectsCollectedByMajorGC: &all, IncludeObjectsCollectedByMinorGC: &all}); err != nil {
		return err
	}
	if err := turns(); err != nil {
		return err
	}
	got, err := chromedp.Call(p.ctx, heapprofiler.StopSampling, cdp.Empty{})
	if err != nil {
		return err
	}
	after, err := evaluate[int](p, `zoetrope.counters.pictures`)
	if err != nil {
		return err
	}
	r.Allocated = allocatedIn(got.Profile.Head, after-before)
	return nil
}

// heap measures the memory that scrubs leave behind.
func (p *watched) heap(r *viewResult) (err error) {
	if err := p.drag(time.Hour, min(20, p.o.scrubs)); err != nil {
		return err
	}
	if r.HeapBefore, err = p.used(); err != nil {
		return err
	}
	r.Scrubs = p.o.scrubs
	if err := p.drag(time.Hour, p.o.scrubs); err != nil {
		return err
	}
	r.HeapAfter, err = p.used()
	return err
}

// used returns the size of the JavaScript heap after its garbage is collected.
func (p *watched) used() (int64, error) {
	for range 3 {
		if _, err := chromedp.Call(p.ctx, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
			return 0, err
		}
	}
	u, err := chromedp.Call(p.ctx, runtime.GetHeapUsage, cdp.Empty{})
	return int64(u.UsedSize), err
}

// rest waits until nothing moves.
func (p *watched) rest() error { return p.wait(`zoetrope.resting`, time.Minute) }

// wait waits until an expression is true.
func (p *watched) wait(expression string, within time.Duration) error {
	for began := time.Now(); ; {
		ok, err := evaluate[bool](p, "!!("+expression+")")
		if err != nil || ok {
			return err
		}
		if time.Since(began) > within {
			return fmt.Errorf("after %v it does not hold that %s", within, expression)
		}
		if err := p.sleep(10 * time.Millisecond); err != nil {
			return err
		}
	}
}

func (p *watched) sleep(d time.Duration) error { return sleep(p.ctx, d) }

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

func (p *watched) run(script string) error {
	return chromedp.Do(p.ctx, chromedp.Evaluate[chromedp.Void]("(() => {"+script+"})()"))
}

func evaluate[T any](p *watched, expression string) (T, error) {
	return chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"

	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/page"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// findBrowser returns the program to start: the one asked for, or Chromium or Chrome.
func findBrowser(asked string) (string, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
		`C:\Program Files\Google\Chrome\Application\chrome.exe`}
	if asked != "" {
		names = []string{asked}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	if asked != "" {
		return "", fmt.Errorf("--browser %s: there is no such program", asked)
	}
	return "", errors.New("the page is measured in Chromium, which is not found here: install it (Debian: apt-get install chromium; " +
		"macOS: brew install --cask chromium), or name a Chromium or Chrome with --browser")
}

// serveView serves the store on a free loopback port until stop is called.
func serveView(ctx context.Context, store *tracker.Store) (address string, stop func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	data := api.New(store, api.Options{ReadOnly: true})
	server := &http.Server{Handler: page.New(data, page.Options{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(listener)
	}()
	return "http://" + listener.Addr().String() + "/", func() {
		data.Close() // ends the event streams
		server.Close()
		<-done
	}, nil
}

// startBrowser starts Chromium without a window, with one tab; stop ends it. Its files go below dir.
func startBrowser(ctx context.Context, path, dir string) (tab context.Context, stop func(), err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(filepath.Join(dir, "chromium")),
		chromedp.Env("TMPDIR="+dir), // it does not remove all that it puts there
		chromedp.WindowSize(1280, 800),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("use-angle", "swiftshader"), // WebGL 2 without a graphics card
		chromedp.Flag("enable-unsafe-swiftshader", true),
		chromedp.Flag("ignore-gpu-blocklist", true),
	)
	allocator, end := chromedp.NewExecAllocator(ctx, options...)
	tab, _ = chromedp.NewContext(allocator)
	if err := chromedp.Do(tab); err != nil {
		end()
		return nil, nil, fmt.Errorf("%s does not start: %w", path, err)
	}
	return tab, end, nil
}

// removeAll removes a folder to which Chromium's children may still write for a moment.
func removeAll(dir string) (err error) {
	for range 100 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

// traced returns Chromium's trace while act runs.
func traced(tab context.Context, act func() error) ([]traceEvent, error) {
	if _, err := chromedp.Call(tab, tracing.Start, tracing.StartParams{
		TransferMode: tracing.StartTransferModeReportEvents,
		TraceConfig:  &tracing.TraceConfig{IncludedCategories: []string{"devtools.timeline", "v8", "blink.user_timing"}, ExcludedCategories: []string{"*"}},
	}); err != nil {
		return nil, err
	}
	err := act()
	var events []traceEvent
	var broken error
	complete := make(chan struct{})
	listening, ignore := context.WithCancel(tab)
	defer ignore()
	if err := chromedp.Listen(listening, func(ev any) {
		switch ev := ev.(type) {
		case *tracing.EventDataCollected:
			for _, v := range ev.Value {
				var e traceEvent
				if err := json.Unmarshal(v, &e); err != nil {
					broken = err
				}
				events = append(events, e)
			}
		case *tracing.EventTracingComplete:
			close(complete)
		}
	}); err != nil {
		return nil, err
	}
	if _, e := chromedp.Call(tab, tracing.End, cdp.Empty{}); e != nil {
		return nil, errors.Join(err, e)
	}
	select {
	case <-complete:
	case <-tab.Done():
		return nil, errors.Join(err, context.Cause(tab))
	}
	return events, errors.Join(err, broken)
}

// keepTrace writes a trace to a folder, in the form that Chromium's developer tools read.
func keepTrace(folder, name string, events []traceEvent) error {
	if folder == "" {
		return nil
	}
	b, err := json.Marshal(map[string]any{"traceEvents": events})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name+".json"), b, 0o666)
}

// Package page serves a store to a browser: the map of every epoch, its charts, and the data behind them.
//
//	data := api.New(store, api.Options{})
//	defer data.Close()
//	err = http.ListenAndServe("127.0.0.1:8420", page.New(data, page.Options{}))
//
// A [Handler] answers under any prefix ([http.StripPrefix]), and asks nothing of other servers. The page follows the store:
// what this or another process logs appears by itself. [WriteHTML] writes the page of one run as a file that needs no server.
//
// The page's sources are in web, and what go generate makes of them, by the program in _build, is in dist.
package page

//go:generate go run -C _build .

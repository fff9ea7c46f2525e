// Package ingest lets programs in any language log to a store, over HTTP: what [tracker.Store.Start], [tracker.Run.Log] and
// their companions do for a Go program. It is one [http.Handler]; a Handler of package page, given as [Options.Next],
// answers what is no logging.
//
//	log := ingest.New(store, ingest.Options{Next: page.New(api.New(store, api.Options{}), page.Options{})})
//	defer log.Close()
//	err = http.ListenAndServe("127.0.0.1:8420", log)
//
// It asks nobody who they are: package access does, and a server that others can reach needs it.
//
// A run is named by its id, its name, or experiment%2Fname. JSON goes in and out, and an error is
// {"error": "what is wrong and what to do next", "code": "run_ended"}; where a single value is to blame, "at" says which,
// so that the others can be sent without it. Labels, ids and predictions may be texts, numbers or truth values: what their
// text is says [tracker.Text]. All paths are below /api/v1:
//
//	GET   limits                                     what a request or a value in it is refused beyond
//	POST  runs                                       start a run, or resume one
//	PATCH runs/{run}                                 its name, tags and notes
//	POST  runs/{run}/samples                         samples, all or none
//	PUT   runs/{run}/epochs/{epoch}/frames/{layer}   what a layer made of them: a .npy file, or a raw frame; ?part=K
//	POST  runs/{run}/epochs/{epoch}                  the epoch, with the frames that were put; durable on answer
//	POST  runs/{run}/metrics                         metrics in between
//	POST  runs/{run}/truncate                        back to a checkpoint
//	POST  runs/{run}/heartbeat                       the training lives, and has nothing to say
//	POST  runs/{run}/finish, stop, fail              the end
//
// # What is promised
//
// An answer of 2xx means what a nil from package tracker means: the epoch is in the store, whole, and survives the death
// of this process and the loss of power. Frames are invisible until their epoch is committed, and are kept in memory until
// then: a server that restarted in between says so (frames_missing), and they are sent again.
//
// A request with the header Idempotency-Key can be sent again when its answer was lost: it is stored once.
//
// # Who writes
//
// The server holds a run for its clients as a Go program would hold it, so that no other process can write the run
// meanwhile. It takes the run when somebody writes, also after a restart, gives it up when nobody has for a while
// ([Options.Idle]), and at [Handler.Close]. A client that starts anew says so by resuming its run, at any time.
//
// A client may say who it is, in the header Zoetrope-Client of all its requests. Who starts or resumes a run is then told of
// another client that writes it too: it was heard of within three minutes, and has not ended the run.
package ingest

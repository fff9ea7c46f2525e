// Package api serves a store's content over HTTP to the page and to programs. It also makes projections, where that is
// allowed, and streams changes.
//
//	store, err := tracker.Open(ctx, "zoetrope.db", tracker.OpenOptions{ReadOnly: true})
//	…
//	data := api.New(store, api.Options{})
//	defer data.Close()
//
// A [Handler] checks neither tokens nor host names: put it behind package page, which serves it with the page, or package
// server, which guards both.
//
// All paths are below /api/v1. A run is named by its id, its name, or experiment%2Fname; errors are
// {"error": "…", "code": "not_found"}. openapi.json describes this API and that of package ingest.
//
//	runs                                             all runs, the newest first, and a cursor for events
//	runs/{run}                                       one run
//	runs/{run}/epochs                                its epochs
//	runs/{run}/metrics?since=SEQ                     its metrics, one column set per name
//	metrics?run=A&run=B&name=loss                    the metrics of several runs
//	runs/{run}/samples                               its samples, as columns, and where their pictures are
//	runs/{run}/vectors?layer=L&epoch=7&format=npy    a layer's vectors, as .npy or as json
//	runs/{run}/samples/{sample}/thumbnail            one picture
//	runs/{run}/sprite/{version}/{sheet}              many pictures on one sheet
//	runs/{run}/epochs/{epoch}/outputs                predictions, losses and confidences, in the order of the samples
//	runs/{run}/epochs/{epoch}/neighborhoods?k=15     every sample's nearest ones in the original space, or a projection's, as uint32
//	runs/{run}/provisional?layer=NAME                a map that needs no projection, see [projector.Provisional]
//	runs/{run}/provisional/{revision}/positions      its positions
//	projections?run=RUN                              projections, the newest first
//	projections/{projection}                         one projection
//	projections/{projection}/layout?run=RUN          its epochs and its range, for one run
//	projections/{projection}/revisions/{revision}/positions?run=RUN&epochs=1,2&format=u16|f32
//	projections/{projection}/revisions/{revision}/epochs/{epoch}/trust?run=RUN    of each point, as float32
//	projections/{projection}/points?run=RUN&epoch=7&sample=ID&format=json|csv|npy
//	projections/{projection}/trajectory?run=RUN&sample=ID
//	projections/{projection}/neighbors?run=RUN&epoch=7&sample=ID&k=10
//	projections/{projection}/quality
//	jobs, jobs/{job}                                 projections that are being made, where [Options.Projections] is set
//	events?after=CURSOR                              changes, as server-sent events
//
// Positions are little-endian, one block of rows × dims per epoch asked for, row-major, rows in the order of the run's
// samples. As u16, 0 … 65534 divide the layout's range evenly, and 65535 is a sample that the epoch does not have; as
// f32 they are the projector's own numbers, and NaN is that sample.
package api

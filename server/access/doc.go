// Package access decides who may ask a server: it wraps a handler, which itself knows nothing of tokens.
//
//	tokens, err := access.ReadTokens("tokens.txt")
//	guard, err := access.New(handler, access.Options{Tokens: tokens})
//	s := &http.Server{Handler: guard, ConnContext: access.ConnContext}
//	err = s.Serve(access.LimitConnections(listener, 512))
//
// # Tokens
//
// Programs send "Authorization: Bearer TOKEN". A browser, whose event streams cannot send headers, exchanges its token once
// for a cookie that no script can read and no other site can send: whoever asks for a page without a token gets a small page
// that asks for one, and the link /login#token=TOKEN does it without asking. What comes after # stays in the browser, so that
// the token is in no log of this server or of a proxy, and the page takes it out of the address at once.
//
// A token permits reading, logging, or both: what GET and HEAD ask is reading, all else is logging. Without tokens everybody
// may do both, which only suits a server that nobody else reaches.
//
// # Strangers
//
// Whoever has shown no right token gets seconds for a request and its answer, and the connection is closed then. Further
// connections are taken in place of strangers', those that have been idle for longest first: [LimitConnections].
//
// # Other sites
//
// A page of another site that is open in the same browser can send requests here. It gets nothing from it: requests that a
// browser marks as another site's are refused, unless a person follows a link, and so is a name of this server that it does
// not know ([Options.Hosts]), with which another site's name could be pointed at this machine (DNS rebinding).
package access

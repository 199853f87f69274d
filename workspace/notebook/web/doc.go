// Package web is the notebook as a page in a browser: the document, its cells
// and their results, the workspace's tables, training and reports, served on
// the loopback address by the program that holds the workspace.
//
// It owns the page (the readable files under assets, embedded; nothing is
// fetched from elsewhere), the HTTP interface below /api/, and its safety. What
// is done is done by packages notebook and workspace.
//
// # Safety
//
// The server listens on 127.0.0.1 only. Whoever opens it needs the token of the
// address that is printed at the start; the first visit changes it for a cookie
// that scripts can't read and that other sites can't cause to be sent. Each
// request must name the server's own address as its Host (so that no name of
// another site can be pointed here), must not come from another origin, be it
// another port of this machine, and where it changes something must say its
// origin. The page runs no script and no style that is not a file of its own,
// makes no markup of what is in the data, and shows what is drawn as pictures, in
// which nothing runs. Bodies of requests are bounded; uploads are streamed to disk.
//
// # One holder
//
// DuckDB lets one process hold a workspace. Where the notebook of that process
// is found is in a file that only the same user can read, in the user's
// configuration folder (see Find): a second process says it instead of only
// that the workspace is in use. The file has the address with its token, which
// is good as long as the server runs.
package web

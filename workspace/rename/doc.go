// Package rename gives addresses, names and other texts of a synthetic trace
// other values, one for one, before the trace is handed out: what is equal stays
// equal and what differs stays different, in all tables that are handed out
// together. It reads no table and keeps nothing.
package rename

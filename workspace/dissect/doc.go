// Package dissect turns packets into protocol events: what Zeek's logs hold of
// a capture, in Zeek's own columns, names and types, without Zeek. It follows
// connections, puts TCP streams and fragmented packets together, and gives each
// connection's payload to the parser of the protocol that was asked for.
//
// It owns no file format: package pcapio reads the packets, and what is given
// here is written by package zeekio as a Zeek log.
package dissect

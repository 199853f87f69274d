// Package dissect turns packets into protocol events: what Zeek's logs hold of
// a capture, in Zeek's own columns, names and types, without Zeek. It follows
// connections, puts TCP streams and fragmented packets together, and gives each
// connection's payload to the parser of the protocol that was asked for.
//
// It owns no file format: package pcapio reads the packets, and what is given
// here is written by package zeekio as a Zeek log. Schemas are those that
// zeekio gives such a log.
//
// # Connections
//
// A connection is the packets of a five-tuple and of its reverse, until it is
// closed or nothing comes for a while. What conn says of it follows Zeek:
//
//   - The originator sent the first packet, unless that is no SYN and comes from
//     a port of Zeek's likely servers, or unless it turns out otherwise; then the
//     history has a ^.
//   - orig_bytes and resp_bytes of TCP are by sequence and acknowledgement
//     numbers, of UDP and ICMP by length fields; NULL where duration is. Bytes
//     and packets of IP are as the headers say, of packets in fragments those of
//     the whole.
//   - duration is to the last packet before both ends had closed; NULL for 0.
//   - missed_bytes are those that were acknowledged and not captured, or cut off
//     by the snapshot length, of connections whose handshake was captured.
//   - ICMP has its type as id.orig_p, and as id.resp_p the type of the answer, or
//     the code where there is none. Transports other than TCP, UDP and ICMP are
//     unknown_transport, with the IP protocol's number for ports.
//   - local_orig and local_resp are true for the addresses that aren't routed on
//     the Internet, and 224.0.0.0/24.
//   - service is what the payload shows, by content on any port where a protocol
//     has a signature, else by content on its port. Of payload that the capture
//     cut the beginning is enough, where Zeek says nothing.
//   - tunnel_parents is NULL: which header of a tunnel is taken is the caller's
//     choice (pcapio.Reader.Take); Zeek follows both.
//
// Checksums are not looked at (as with zeek -C). A uid is a hash of the
// five-tuple and of the first packet's time: the same in the events of all
// protocols, and whenever the capture is read.
//
// A connection is over five minutes after the last packet of TCP, a minute
// after that of others or of a handshake that isn't complete, five seconds
// after an unanswered SYN and after the close or reset. Time is that of the
// packets; where it goes back by more than five minutes, as in captures strung
// together, all that is open is over.
//
// # Streams
//
// The payload of a TCP connection is given to a parser in order and each byte
// once: of bytes that come twice, the first stand. Bytes that come too early
// are held until those before them come, are acknowledged, are given up
// because too much is held, or the connection ends. A connection whose
// beginning was not captured is read by the parsers that can, as in Zeek.
//
// # Fragments
//
// Packets in fragments of IPv4 and IPv6 are put together, and count when the
// last fragment has come, as one packet. What does not become whole within a
// minute is no event, as in Zeek.
//
// # Memory
//
// It is bounded, whatever the capture: 2^18 connections of some 700 bytes, of
// which one more ends the one that would be over first; of payload that came
// too early 1 MiB for a direction of a connection and 64 MiB in all; 16 MiB of
// fragments in 1024 packets; and 16 KiB of a connection whose protocol is not
// recognised yet.
package dissect

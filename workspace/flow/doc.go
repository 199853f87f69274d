// Package flow turns packets into flow records and flow records into packets.
//
// It owns what a flow record is made of (which packets, which timeouts), how
// the columns of the usual flow tables are recognised, and how a record's
// packets are laid out. It knows no file format: package pcapio writes the
// packets, with their checksums and sequence numbers.
//
// # Flow records
//
// A Rollup makes unidirectional records as NetFlow does. Packets of the same
// addresses, ports, protocol and type of service (of ICMP also type and code)
// are one record until none comes for the inactive timeout, or one comes later
// than the active timeout after the first.
//
//	column     type          unit and meaning
//	srcip      VARCHAR       source address
//	dstip      VARCHAR       destination address
//	srcport    BIGINT        source port; NULL of protocols without, 0 of fragments whose first was not seen
//	dstport    BIGINT        destination port, likewise
//	proto      VARCHAR       IANA keyword in upper case (TCP, IPV6-ICMP), or the number as text
//	ts         TIMESTAMP_NS  of the first packet, UTC
//	td         DOUBLE        seconds from the first packet to the last
//	pkt        BIGINT        packets
//	byt        BIGINT        bytes of IP packets, headers included
//	tcp_flags  BIGINT        all flags of its packets: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128;
//	                         NULL for other protocols than TCP
//	tos        BIGINT        type of service, traffic class
//	icmp_type  BIGINT        of ICMP and ICMPv6
//	icmp_code  BIGINT        of ICMP and ICMPv6
//
// # Packets of a flow record
//
// An Expander makes, of each record of a flow table, as many packets as it
// counts, that together have its bytes, the first at its start, the last at
// its end, in both directions where the record has both. TCP's flags follow
// from the record's flags, its Zeek history or conn_state or its Argus state;
// without any of them the packets are those of a connection that was opened,
// used and closed. Recognised are:
//
//   - the records of Rollup, and NetShare's and UGR16's (ts or te, td, sa or srcip, ..., pkt, byt)
//   - nfdump's CSV (ts, te, td, sa, da, sp, dp, pr, flg, stos, ipkt, ibyt, opkt, obyt)
//   - Argus' (StartTime, Dur, SrcAddr, ..., State, TotPkts, TotBytes, SrcBytes, SrcPkts)
//   - Zeek's conn.log (orig_pkts, orig_ip_bytes, resp_pkts, resp_ip_bytes, conn_state, history)
//   - CICFlowMeter's (Total Fwd Packets, Total Length of Fwd Packets, ...), whose bytes are of payload
//
// All other bytes are taken for those of IP packets. What can't be done (fewer
// bytes than the packets' headers have, a time from first to last of a single
// packet) is done as nearly as can be, and counted in Warnings.
package flow

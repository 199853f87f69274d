// Package pcapio turns packet captures into the rows of a packet table, and
// such rows back into captures that a network and its tools accept.
//
// It owns the file formats pcap and pcapng (any byte order, microseconds and
// nanoseconds, several interfaces and sections, inside gzip or zstd or not),
// the link layers between a frame and its IP header, and the headers that a
// packet table holds. It does not look into payloads, and does not follow
// connections while reading: package dissect does that.
//
// # The packet table
//
// One row is one IP packet, in the file's order. A value is NULL where the
// packet has no such field, or where the capture was cut before it.
//
//	column       type          unit and meaning
//	time         TIMESTAMP_NS  when the packet was captured, UTC; NULL in a pcapng simple packet block
//	srcip        VARCHAR       source address, in the shortest form of RFC 5952
//	dstip        VARCHAR       destination address
//	srcport      BIGINT        source port of TCP, UDP, SCTP, DCCP and UDP-Lite; NULL for others and later fragments
//	dstport      BIGINT        destination port, likewise
//	proto        VARCHAR       IANA keyword of the protocol in upper case (TCP, IPV6-ICMP), or its number as text;
//	                           of IPv6, the protocol after the extension headers
//	pkt_len      BIGINT        bytes of the IP packet by its own header: IPv4 total length, IPv6 payload length + 40;
//	                           where that is 0 (segmentation offload) the wire length, or the jumbo payload option
//	tos          BIGINT        IPv4 type of service, IPv6 traffic class, 0 to 255
//	id           BIGINT        IPv4 identification; of IPv6 that of the fragment header, else NULL
//	flag         BIGINT        the three flag bits of IPv4: 4 reserved, 2 don't fragment, 1 more fragments;
//	                           of IPv6 the fragment header's M bit, else NULL
//	off          BIGINT        fragment offset in units of 8 bytes; of IPv6 that of the fragment header, else NULL
//	ttl          BIGINT        time to live, hop limit
//	tcp_flags    BIGINT        the header's 12 flag bits as a number: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32,
//	                           ECE 64, CWR 128, AE 256 (the same as tshark's tcp.flags)
//	tcp_seq      BIGINT        sequence number as sent, 0 to 2^32-1
//	tcp_ack      BIGINT        acknowledgement number as sent
//	tcp_win      BIGINT        window as sent, not scaled
//	icmp_type    BIGINT        of ICMP and ICMPv6
//	icmp_code    BIGINT        of ICMP and ICMPv6
//	payload_len  BIGINT        bytes after the transport header, by the length fields and not by what was captured;
//	                           headers are TCP with options, UDP 8, UDP-Lite 8, SCTP 12, DCCP by its data offset,
//	                           ICMP 8, ICMPv6 4; all that follows the IP headers for other protocols and later fragments
//	vlan         BIGINT        VLAN identifier of the outermost tag, 0 to 4095; NULL without one
//	frame_len    BIGINT        bytes on the wire, link header included
//	cap_len      BIGINT        bytes of them in the file
//
// # Which header is taken
//
// The outermost IP header, unless Reader.Take asks for the innermost. Of GRE, IP in IP, 6in4, VXLAN and ERSPAN the row
// is that of the tunnel's own packet, and never mixes outer addresses with
// inner ports. Layers below IP are passed: VLAN tags, MPLS labels and
// Ethernet pseudowires, PPPoE, VN-Tag, FabricPath, 802.11 and LLC.
//
// # Damage
//
// A frame that holds no sound IP header is a trace.Reject with its number,
// its byte offset in the decompressed file and a reason; the sound ones are
// rows. What was mended on the way is counted in Notes. Where a file's own
// structure breaks, what came before is kept, the break is a reject, and
// reading ends.
package pcapio

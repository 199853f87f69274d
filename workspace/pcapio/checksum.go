package pcapio

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// sum16 adds up b as 16-bit words in network byte order, an odd last byte as
// the high half of one (RFC 1071). The result is to be folded.
func sum16(b []byte) uint64 {
	var sum, carry uint64
	for len(b) >= 8 {
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), carry)
		b = b[8:]
	}
	sum, carry = bits.Add64(sum, 0, carry)
	sum += carry
	sum = sum>>32 + sum&0xffffffff
	for len(b) >= 2 {
		sum += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		sum += uint64(b[0]) << 8
	}
	return sum
}

// fold returns the checksum of a sum of words: its ones' complement.
func fold(sum uint64) uint16 {
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// castagnoli returns the checksum of an SCTP packet (RFC 9260, appendix A),
// computed with its own field zero, in the order in which it is stored.
func castagnoli(b []byte, table *crc32.Table) uint32 { return crc32.Checksum(b, table) }

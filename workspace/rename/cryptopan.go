package rename

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"net/netip"
)

// CryptoPAn is the prefix-preserving map of addresses of Xu, Fan, Ammar and Moon
// (2002): addresses with n leading bits in common are mapped to ones that have
// exactly n in common.
type CryptoPAn struct {
	block cipher.Block
	pad   [16]byte
}

// NewCryptoPAn returns the map of a key of 32 bytes: 16 of AES, and 16 that the
// padding is made of.
func NewCryptoPAn(key []byte) (*CryptoPAn, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("a key of %d bytes: want 32", len(key))
	}
	block, err := aes.NewCipher(key[:16])
	if err != nil {
		return nil, err
	}
	c := &CryptoPAn{block: block}
	block.Encrypt(c.pad[:], key[16:])
	return c, nil
}

// Map returns an address's other one; an IPv4 address that is written as IPv6
// stays one.
func (c *CryptoPAn) Map(a netip.Addr) netip.Addr {
	if a.Is4In6() {
		return netip.AddrFrom16(c.Map(a.Unmap()).As16())
	}
	in := a.AsSlice()
	out := make([]byte, len(in))
	var plain, coded [16]byte
	for bit := range 8 * len(in) {
		plain = c.pad // after the bits so far
		copy(plain[:bit/8], in)
		if k := bit % 8; k > 0 {
			keep := byte(0xff) << (8 - k)
			plain[bit/8] = in[bit/8]&keep | c.pad[bit/8]&^keep
		}
		c.block.Encrypt(coded[:], plain[:])
		out[bit/8] |= (coded[0] >> 7) << (7 - bit%8)
	}
	for i := range out {
		out[i] ^= in[i]
	}
	b, _ := netip.AddrFromSlice(out)
	return b.WithZone(a.Zone())
}

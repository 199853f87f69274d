package privacy

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"io"
	"math/big"
	"math/bits"
)

// Noise draws what privacy rests on: from the operating system's randomness,
// in whole numbers, exactly. It is not safe for concurrent use.
type Noise struct{ source io.Reader }

// NewNoise returns a source of noise that nothing repeats.
func NewNoise() *Noise { return &Noise{source: bufio.NewReaderSize(rand.Reader, 1<<14)} }

// word is 64 random bits.
func (n *Noise) word() uint64 {
	var b [8]byte
	if _, err := io.ReadFull(n.source, b[:]); err != nil {
		panic("privacy: the operating system gives no randomness: " + err.Error()) // crypto/rand never returns one
	}
	return binary.LittleEndian.Uint64(b[:])
}

// Below returns a number from 0 to k-1, each as likely. k must not be 0.
func (n *Noise) Below(k uint64) uint64 {
	// Lemire (2019), exact by rejection
	hi, lo := bits.Mul64(n.word(), k)
	for least := -k % k; lo < least; {
		hi, lo = bits.Mul64(n.word(), k)
	}
	return hi
}

// belowBig is Below for numbers of any size, into out.
func (n *Noise) belowBig(k, out *big.Int) *big.Int {
	if k.IsUint64() {
		return out.SetUint64(n.Below(k.Uint64()))
	}
	size := k.BitLen()
	b := make([]byte, (size+7)/8)
	for {
		if _, err := io.ReadFull(n.source, b); err != nil {
			panic("privacy: the operating system gives no randomness: " + err.Error())
		}
		b[0] &= byte(0xff >> (uint(len(b)*8) - uint(size)))
		if out.SetBytes(b).Cmp(k) < 0 {
			return out
		}
	}
}

// chance is true with chance num/den.
func (n *Noise) chance(num, den uint64) bool { return n.Below(den) < num }

// expChanceWithin is true with chance exp(-num/den), exactly, where num is at
// most den. Source: Canonne, Kamath and Steinke (2020), algorithm 1.
func (n *Noise) expChanceWithin(num, den uint64) bool {
	for k := uint64(1); ; k++ {
		// chance num/den/k, as two draws, so that den*k can't overflow
		if !n.chance(num, den) || !n.chance(1, k) {
			return k&1 == 1
		}
	}
}

// expChanceBig is true with chance exp(-num/den), exactly.
func (n *Noise) expChanceBig(num, den *big.Int) bool {
	var whole, rest, u big.Int
	whole.QuoRem(num, den, &rest)
	for !whole.IsUint64() || whole.Sign() > 0 {
		if !n.expChanceWithin(1, 1) {
			return false
		}
		whole.Sub(&whole, big.NewInt(1))
	}
	for k := uint64(1); ; k++ {
		if n.belowBig(den, &u).Cmp(&rest) >= 0 || !n.chance(1, k) {
			return k&1 == 1
		}
	}
}

// Choose returns i with a chance in proportion to exp(scores[i]*num/den): the
// exponential mechanism, exactly, for whole scores. It panics without scores.
func (n *Noise) Choose(scores []int64, num, den uint64) int {
	top := scores[0]
	for _, s := range scores {
		top = max(top, s)
	}
	var a, b big.Int
	b.SetUint64(den)
	for {
		i := int(n.Below(uint64(len(scores))))
		a.SetUint64(uint64(top - scores[i]))
		a.Mul(&a, new(big.Int).SetUint64(num))
		if n.expChanceBig(&a, &b) {
			return i
		}
	}
}

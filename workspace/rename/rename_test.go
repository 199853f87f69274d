package rename

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
)

// The sample key and trace of the reference implementation of Crypto-PAn 1.0,
// and of IPv6 those of yacryptopan.
func TestCryptoPAnVectors(t *testing.T) {
	c, err := NewCryptoPAn([]byte{
		21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
		216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range strings.Fields(`128.11.68.132=135.242.180.132 129.118.74.4=134.136.186.123 130.132.252.244=133.68.164.234
		141.223.7.43=141.167.8.160 141.233.145.108=141.129.237.235 152.163.225.39=151.140.114.167 156.29.3.236=147.225.12.42
		165.247.96.84=162.9.99.234 166.107.77.190=160.132.178.185 192.102.249.13=252.138.62.131 192.215.32.125=252.43.47.189
		198.51.77.238=249.18.186.254 207.25.71.27=241.33.119.156
		::1=78ff:f001:9fc0:20df:8380:b1f1:704:ed 2001:db8::1=4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e`) {
		in, want, _ := strings.Cut(v, "=")
		if got := c.Map(netip.MustParseAddr(in)); got.String() != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// sharedBits is how many leading bits two addresses share.
func sharedBits(a, b netip.Addr) int {
	x, y := a.AsSlice(), b.AsSlice()
	for i := range x {
		if x[i] != y[i] {
			return 8*i + bits.LeadingZeros8(x[i]^y[i])
		}
	}
	return 8 * len(x)
}

func TestStructureIsKept(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var list []netip.Addr
	for range 3000 {
		b := [4]byte{byte(rng.IntN(220) + 1), byte(rng.IntN(3)), byte(rng.IntN(4)), byte(rng.IntN(256))}
		if rng.IntN(3) == 0 {
			b[0] = 10
		}
		list = append(list, netip.AddrFrom4(b))
	}
	for _, s := range []string{"192.168.1.7", "224.0.0.251", "255.255.255.255", "2a00:1450::1", "2a00:1450::2", "2a00:1450:0:1::1", "fe80::1", "fd12::5", "ff02::1:ff00:1234"} {
		list = append(list, netip.MustParseAddr(s))
	}
	keep := NewStructure(list, rng)
	keep.Place(list)
	m := map[netip.Addr]netip.Addr{}
	for _, a := range list {
		if b := keep.Map(a); b != a {
			m[a] = b
		}
	}
	if late := keep.Map(netip.MustParseAddr("198.51.100.7")); !shared4.Contains(late) {
		t.Errorf("an address of no table becomes %s", late)
	}
	other := map[netip.Addr]netip.Addr{}
	real := map[netip.Addr]bool{}
	for _, a := range list {
		real[a] = true
	}
	for a, b := range m {
		if first, ok := other[b]; ok {
			t.Fatalf("%s and %s both become %s", a, first, b)
		}
		other[b] = a
		if real[b] {
			t.Errorf("%s becomes %s, which is a real one", a, b)
		}
		if a.Is4() && a.IsPrivate() != b.IsPrivate() || a.Is6() && a.IsPrivate() != b.IsPrivate() {
			t.Errorf("%s becomes %s", a, b)
		}
		if !a.IsPrivate() && a.Is4() && !a.IsLoopback() && !shared4.Contains(b) {
			t.Errorf("%s becomes %s, which somebody may have", a, b)
		}
	}
	for i := range list { // what is of one network stays of one, and what is not does not
		a, b := list[i], list[(i*7+1)%len(list)]
		if m[a] == (netip.Addr{}) || m[b] == (netip.Addr{}) || a.Is4() != b.Is4() {
			continue
		}
		n := 24
		if a.Is6() {
			n = 64
		}
		if (sharedBits(a, b) >= n) != (sharedBits(m[a], m[b]) >= n) {
			t.Errorf("%s and %s become %s and %s", a, b, m[a], m[b])
		}
	}
	if _, ok := m[netip.MustParseAddr("224.0.0.251")]; ok {
		t.Error("the group of mDNS is renamed")
	}
}

func TestTextIsRenamedWordByWord(t *testing.T) {
	real := map[string]bool{}
	values := []string{
		"host17.corp.example-bank.com", "host18.corp.example-bank.com", "www.example-bank.com", "Mozilla/5.0 (X11; Linux x86_64)",
		"00:1a:2b:3c:4d:5e", "CHhAvVGS1DHFjwGM9", "C586", "C587", "ANONYMOUS LOGON", "grüße", "4.3.2.1.in-addr.arpa", "user@10.1.2.3", "-", "",
	}
	for _, v := range values {
		real[v] = true
	}
	x := NewText(func(s string) bool { return real[s] }, func(a string) string { return "100.64.0.9" }, rand.New(rand.NewPCG(2, 2)))
	got := map[string]string{}
	seen := map[string]bool{}
	for _, v := range values {
		got[v] = x.Rename(v)
		if again := x.Rename(v); again != got[v] {
			t.Errorf("%q becomes %q, then %q", v, got[v], again)
		}
		if seen[got[v]] {
			t.Errorf("two values become %q", got[v])
		}
		seen[got[v]] = true
		if v != "-" && v != "" && real[got[v]] {
			t.Errorf("%q becomes %q, which is a real one", v, got[v])
		}
		t.Logf("%s -> %s", v, got[v])
	}
	a, b := strings.SplitN(got[values[0]], ".", 2), strings.SplitN(got[values[1]], ".", 2)
	if a[1] != b[1] || a[0] == b[0] || !strings.HasSuffix(a[1], ".com") {
		t.Errorf("hosts of one domain become %s and %s", got[values[0]], got[values[1]])
	}
	for _, v := range values {
		for _, secret := range []string{"host", "corp", "bank", "1a:2b", "DHF", "586", "LOGON", "grü", "10.1.2.3", "4.3.2.1"} {
			if strings.Contains(got[v], secret) {
				t.Errorf("%q becomes %q, which has %q", v, got[v], secret)
			}
		}
	}
	if !strings.HasPrefix(got["Mozilla/5.0 (X11; Linux x86_64)"], "Mozilla/5.") {
		t.Errorf("a browser becomes %q", got["Mozilla/5.0 (X11; Linux x86_64)"])
	}
}

// Where all names of a length are real, those that are made up are longer.
func TestTextFindsRoom(t *testing.T) {
	real := map[string]bool{}
	for i := range 1000 {
		real[fmt.Sprintf("C%03d", i)] = true
	}
	x := NewText(func(s string) bool { return real[s] }, nil, rand.New(rand.NewPCG(2, 2)))
	seen := map[string]bool{}
	for s := range real {
		to := x.Rename(s)
		if real[to] || seen[to] || !strings.HasPrefix(to, "C") {
			t.Fatalf("%s becomes %s", s, to)
		}
		seen[to] = true
	}
}

package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"sort"
	"time"
)

// The firm's networks. Its own are 10.0.0.0/8, 203.0.113.0/24 (the servers
// that the world may reach) and 2001:db8:1::/48; all others are the world.
const (
	resolver  = "10.0.0.53"
	ntpServer = "198.51.100.123"
	bastion   = "203.0.113.22"
	website   = "203.0.113.10"
	monitor   = "10.0.0.5"
)

// host is a machine of the firm or of the world.
type host struct {
	name  string
	v4    netip.Addr
	v6    netip.Addr // the zero Addr where it has none
	user  string     // whose machine it is, "" for a server
	cache map[string]int64
}

// site is a place on the web: a name, its addresses, and how it behaves.
type site struct {
	host
	cdn   string // the name that its own is an alias of, "" for none
	ttl   uint32 // of its name, in seconds
	rtt   int64  // microseconds
	plain bool   // HTTP without TLS
}

// world holds who there is, and the one source of all chance.
type world struct {
	rng      *rand.Rand
	dayStart time.Time
	clients  []*host
	servers  []*host
	sites    []*site
	visitors []netip.Addr
	logins   []login

	pickClient, pickSite, pickVisitor *chooser
	serial                            uint64
}

var userNames = []string{
	"ada", "boris", "carla", "dmitri", "elif", "farid", "greta", "hana", "ivo", "jun", "kofi", "lena",
	"mateo", "noor", "olga", "pavel", "quinn", "rosa", "sven", "tariq", "uma", "viktor", "wanda", "yara",
}

// newWorld peoples the world.
func newWorld(seed uint64) *world {
	w := &world{
		rng:      rand.New(rand.NewPCG(seed, 0x6e65747368617265)),
		dayStart: time.Date(2025, 3, 4, 0, 0, 0, 0, time.UTC), // a Tuesday
	}
	for i, user := range userNames {
		subnet, n := 1, i
		if i >= 14 { // the branch office
			subnet, n = 2, i-14
		}
		h := &host{
			name: fmt.Sprintf("ws-%02d", i+1), user: user, cache: map[string]int64{},
			v4: netip.AddrFrom4([4]byte{10, 1, byte(subnet), byte(20 + 3*n + w.rng.IntN(3))}),
		}
		if i%2 == 0 {
			h.v6 = netip.MustParseAddr(fmt.Sprintf("2001:db8:1:%d::%x", subnet, 0x1000+w.rng.IntN(0xe000)))
		}
		w.clients = append(w.clients, h)
	}
	for i, name := range []string{"dc01", "files01", "mail01", "build01", "db01"} {
		w.servers = append(w.servers, &host{name: name, v4: netip.AddrFrom4([4]byte{10, 0, 0, byte(10 + i)})})
	}
	w.peopleWeb()
	for i := range 90 {
		net := [3]byte{192, 0, 2}
		if i%2 == 0 {
			net = [3]byte{198, 51, 100}
		}
		w.visitors = append(w.visitors, netip.AddrFrom4([4]byte{net[0], net[1], net[2], byte(130 + w.rng.IntN(120))}))
	}
	w.pickClient = zipf(len(w.clients), 0.7)
	w.pickVisitor = zipf(len(w.visitors), 1.1)
	return w
}

// apart is the world with chances of its own, so that what is drawn of them
// leaves all other samples as they are.
func (w *world) apart(seed, stream uint64) *world {
	v := *w
	v.rng = rand.New(rand.NewPCG(seed, stream))
	return &v
}

// peopleWeb makes the sites, most popular first.
func (w *world) peopleWeb() {
	kinds := []string{"www", "api", "cdn", "static", "mail", "img", "news", "docs", "git", "shop"}
	for i := range 56 {
		s := &site{
			ttl: []uint32{30, 30, 60, 60, 300, 900}[w.rng.IntN(6)],
			rtt: int64(lognormal(w.rng, 18e3, 0.8)), plain: w.rng.Float64() < 0.12,
		}
		s.name = fmt.Sprintf("%s.%s%d.example", kinds[w.rng.IntN(len(kinds))], []string{"alder", "birch", "cedar", "hazel", "maple"}[i%5], i)
		s.v4 = netip.AddrFrom4([4]byte{198, 51, 100, byte(1 + 2*i)})
		if w.rng.Float64() < 0.5 {
			s.v6 = netip.MustParseAddr(fmt.Sprintf("2001:db8:a%x::%x", i%4, 0x50+i))
		}
		if w.rng.Float64() < 0.3 {
			s.cdn = fmt.Sprintf("edge%d.cdn.example", w.rng.IntN(40))
		}
		w.sites = append(w.sites, s)
	}
	w.pickSite = zipf(len(w.sites), 1.05)
}

// at returns a time of the day in microseconds since 1970.
func (w *world) at(hour, minute, second int) int64 {
	return w.dayStart.UnixMicro() + (int64(hour)*3600+int64(minute)*60+int64(second))*1e6
}

// inside reports whether an address is the firm's own.
func inside(a netip.Addr) bool {
	for _, p := range []string{"10.0.0.0/8", "203.0.113.0/24", "2001:db8:1::/48"} {
		if netip.MustParsePrefix(p).Contains(a) {
			return true
		}
	}
	return false
}

// uid makes an identifier in the manner of Zeek's.
func (w *world) uid() string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	b := []byte{'C'}
	for range 17 {
		b = append(b, digits[w.rng.IntN(len(digits))])
	}
	return string(b)
}

// ephemeral picks a source port as Linux does.
func (w *world) ephemeral() uint16 { return uint16(32768 + w.rng.IntN(28232)) }

// busy is how busy the firm is at a time of the day, 0 to 1: quiet nights, a
// peak before noon, a dip at lunch, a second peak.
func (w *world) busy(us int64) float64 {
	h := float64(us-w.dayStart.UnixMicro()) / 3600e6
	bell := func(mid, width float64) float64 { return math.Exp(-(h - mid) * (h - mid) / (2 * width * width)) }
	return 0.04 + 0.96*min(1, bell(10, 1.3)+0.85*bell(14.7, 1.6)+0.12*bell(20.5, 1.2))
}

// arrivals draws the times of a Poisson process whose rate follows busy, with
// about n of them over the day.
func (w *world) arrivals(n int) []int64 {
	const day = 86400e6
	var mean float64
	for h := range 240 {
		mean += w.busy(w.dayStart.UnixMicro()+int64(h)*360e6) / 240
	}
	var times []int64
	for t := 0.0; ; {
		t += w.rng.ExpFloat64() * day * mean / float64(n)
		if t >= day {
			return times
		}
		if us := w.dayStart.UnixMicro() + int64(t); w.rng.Float64() < w.busy(us) {
			times = append(times, us)
		}
	}
}

// chooser picks indexes with given weights.
type chooser struct{ sums []float64 }

// zipf returns a chooser of n indexes, the i-th with weight 1/(i+1)^s.
func zipf(n int, s float64) *chooser {
	c := &chooser{}
	var sum float64
	for i := range n {
		sum += math.Pow(float64(i+1), -s)
		c.sums = append(c.sums, sum)
	}
	return c
}

func (c *chooser) pick(r *rand.Rand) int {
	return sort.SearchFloat64s(c.sums, r.Float64()*c.sums[len(c.sums)-1])
}

// lognormal draws from a log-normal distribution by its median.
func lognormal(r *rand.Rand, median, sigma float64) float64 {
	return median * math.Exp(sigma*r.NormFloat64())
}

// pareto draws from a Pareto distribution, cut off at most.
func pareto(r *rand.Rand, least, alpha, most float64) float64 {
	return min(most, least*math.Pow(1-r.Float64(), -1/alpha))
}

package codec

import (
	"slices"
	"strconv"
)

// portNumber returns the number of a port's text, and false for a name.
func portNumber(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0 && n <= 65535
}

// rareRanges is how many ranges the rare ports are cut into at most.
const rareRanges = 12

// fitRanges cuts the rare ports into ranges that hold about equally many, so
// that drawing evenly within them keeps their distribution. The borders are
// those of IANA (1024, 49152) and round figures of 256, not ports seen.
func fitRanges(rare []string) []Range {
	var ports []int64
	for _, s := range rare {
		if n, ok := portNumber(s); ok {
			ports = append(ports, n)
		}
	}
	if len(ports) == 0 {
		return nil
	}
	slices.Sort(ports)
	cuts := []int64{0}
	for i := 1; i < rareRanges; i++ {
		cut := ports[i*len(ports)/rareRanges] / 256 * 256
		if cut > cuts[len(cuts)-1] {
			cuts = append(cuts, cut)
		}
	}
	for _, b := range []int64{1024, 49152} {
		if !slices.Contains(cuts, b) {
			cuts = append(cuts, b)
		}
	}
	slices.Sort(cuts)
	var ranges []Range
	// The outermost ranges end where the ports do, in round figures.
	least, most := ports[0]/256*256, ports[len(ports)-1]/256*256+255
	for i, lo := range cuts {
		hi := most
		if i+1 < len(cuts) {
			hi = cuts[i+1] - 1
		}
		if j, _ := slices.BinarySearch(ports, lo); j < len(ports) && ports[j] <= hi {
			ranges = append(ranges, Range{max(lo, least, 1), min(hi, most)})
		}
	}
	return ranges
}

package workspace

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseSize reads a number of bytes: 500000, 512KB, 64MB, 4GB, with the B or
// without; a KB is 1024 bytes.
func ParseSize(text string) (int64, error) {
	upper := strings.ToUpper(text)
	digits := strings.TrimRight(upper, "BKMG")
	unit, known := map[string]float64{"": 1, "B": 1, "K": 1 << 10, "KB": 1 << 10, "M": 1 << 20, "MB": 1 << 20, "G": 1 << 30, "GB": 1 << 30}[upper[len(digits):]]
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || !known || !(n > 0 && n*unit < 1<<62) {
		return 0, fmt.Errorf("%q is no size: want one such as 512MB or 4GB", text)
	}
	return int64(n * unit), nil
}

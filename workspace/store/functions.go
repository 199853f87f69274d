package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"math/big"
	"net/netip"
	"slices"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// The SQL functions over addresses. Each gives NULL for NULL and for what is no
// address; IPv4 addresses in IPv6 clothes (::ffff:10.0.0.1) are IPv4.
//
//	ip_version(VARCHAR) -> INTEGER            4 or 6
//	ip_to_int(VARCHAR) -> UHUGEINT            IPv4 below 2^32; IPv6 as its 128 bits
//	int_to_ip(BIGINT | UBIGINT | HUGEINT | UHUGEINT) -> VARCHAR   below 2^32 IPv4, else IPv6
//	ip_prefix(VARCHAR, BIGINT) -> VARCHAR     the network of so many bits: 10.1.0.0/16
//	in_cidr(VARCHAR, VARCHAR) -> BOOLEAN      whether the address is in the network, or is the address
type function struct {
	name   string
	inputs [][]duckdb.Type // one list for each overload
	result duckdb.Type
	call   func(args []driver.Value) any // must not keep args
}

func functions() []function {
	text := [][]duckdb.Type{{duckdb.TYPE_VARCHAR}}
	return []function{
		{"ip_version", text, duckdb.TYPE_INTEGER, func(args []driver.Value) any {
			a, ok := address(args[0])
			switch {
			case !ok:
				return nil
			case a.Is4():
				return int32(4)
			}
			return int32(6)
		}},
		{"ip_to_int", text, duckdb.TYPE_UHUGEINT, func(args []driver.Value) any {
			a, ok := address(args[0])
			if !ok {
				return nil
			}
			return new(big.Int).SetBytes(a.AsSlice())
		}},
		{
			"int_to_ip",
			[][]duckdb.Type{{duckdb.TYPE_BIGINT}, {duckdb.TYPE_UBIGINT}, {duckdb.TYPE_HUGEINT}, {duckdb.TYPE_UHUGEINT}},
			duckdb.TYPE_VARCHAR,
			func(args []driver.Value) any { return intToIP(args[0]) },
		},
		{"ip_prefix", [][]duckdb.Type{{duckdb.TYPE_VARCHAR, duckdb.TYPE_BIGINT}}, duckdb.TYPE_VARCHAR, func(args []driver.Value) any {
			a, ok := address(args[0])
			bits, _ := args[1].(int64)
			if !ok || bits < 0 || bits > int64(a.BitLen()) {
				return nil
			}
			p, err := a.Prefix(int(bits))
			if err != nil {
				return nil
			}
			return p.String()
		}},
		{"in_cidr", [][]duckdb.Type{{duckdb.TYPE_VARCHAR, duckdb.TYPE_VARCHAR}}, duckdb.TYPE_BOOLEAN, func(args []driver.Value) any {
			a, ok := address(args[0])
			network, good := network(args[1])
			if !ok || !good {
				return nil
			}
			return network.Contains(a)
		}},
	}
}

// address reads an address, without its zone.
func address(v driver.Value) (netip.Addr, bool) {
	s, ok := v.(string)
	if !ok {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(s)
	return a.Unmap().WithZone(""), err == nil
}

// network reads a network in CIDR notation, or an address as one of its own.
func network(v driver.Value) (netip.Prefix, bool) {
	s, _ := v.(string)
	if p, err := netip.ParsePrefix(s); err == nil {
		if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		return p.Masked(), true
	}
	a, ok := address(v)
	return netip.PrefixFrom(a, a.BitLen()), ok
}

func intToIP(v driver.Value) any {
	n := new(big.Int)
	switch v := v.(type) {
	case int64:
		n.SetInt64(v)
	case uint64:
		n.SetUint64(v)
	case *big.Int:
		n = v
	default:
		return nil
	}
	switch {
	case n.Sign() < 0 || n.BitLen() > 128:
		return nil
	case n.BitLen() <= 32:
		var b [4]byte
		n.FillBytes(b[:])
		return netip.AddrFrom4(b).String()
	}
	var b [16]byte
	n.FillBytes(b[:])
	return netip.AddrFrom16(b).String()
}

// scalar is a function with one list of inputs, as the driver wants it. It is
// called a chunk at a time, and remembers the last arguments, since columns of
// a trace repeat themselves.
type scalar struct {
	config duckdb.ScalarFuncConfig
	call   func(args []driver.Value) any // must not keep args
}

func (s *scalar) Config() duckdb.ScalarFuncConfig { return s.config }

func (s *scalar) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{ChunkContextExecutor: s.chunk}
}

func (s *scalar) chunk(_ context.Context, chunk *duckdb.ChunkIteratorState) error {
	args := make([]driver.Value, len(s.config.InputTypeInfos))
	var before []driver.Value
	var result any
	for row, err := range chunk.Rows() {
		if err != nil {
			return err
		}
		for i := range args {
			args[i] = *row.GetValuePtr(i)
		}
		if before == nil || !slices.Equal(args, before) {
			result = s.call(args)
			before = append(before[:0], args...)
		}
		if err := row.SetResult(result); err != nil {
			return err
		}
	}
	return nil
}

// registerFunctions adds the functions to the DuckDB instance; all connections
// have them.
func (db *DB) registerFunctions(ctx context.Context) error {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := registerFeed(conn); err != nil {
		return fmt.Errorf("SQL function %s: %w", feedFunction, err)
	}
	for _, f := range functions() {
		var overloads []duckdb.ScalarFunc
		for _, inputs := range f.inputs {
			s := &scalar{call: f.call}
			for _, t := range inputs {
				info, err := duckdb.NewTypeInfo(t)
				if err != nil {
					return fmt.Errorf("SQL function %s: %w", f.name, err)
				}
				s.config.InputTypeInfos = append(s.config.InputTypeInfos, info)
			}
			if s.config.ResultTypeInfo, err = duckdb.NewTypeInfo(f.result); err != nil {
				return fmt.Errorf("SQL function %s: %w", f.name, err)
			}
			overloads = append(overloads, s)
		}
		if err := duckdb.RegisterScalarUDFSet(conn, f.name, overloads...); err != nil {
			return fmt.Errorf("SQL function %s: %w", f.name, err)
		}
	}
	return nil
}

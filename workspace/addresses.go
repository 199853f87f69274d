package workspace

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"netshare/workspace/rename"
	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// AddressPolicy says what becomes of synthetic addresses when they are handed
// out. What has a policy is always the synthetic table: it repeats real
// addresses that five sessions or more have.
type AddressPolicy string

// The policies.
const (
	// AddressesAsGenerated leaves them as they are.
	AddressesAsGenerated AddressPolicy = "as-generated"
	// AddressesKeepStructure maps them one for one to addresses of private,
	// shared and documentation ranges that no real table of the workspace has:
	// those of one network stay of one, and frequent ones frequent.
	AddressesKeepStructure AddressPolicy = "keep-structure"
	// AddressesCryptoPAn maps them by Crypto-PAn with a fresh random key that
	// nobody keeps: addresses with n bits in common keep n in common. What comes
	// out may be an address that somebody has.
	AddressesCryptoPAn AddressPolicy = "cryptopan"
)

// AddressPolicies lists the policies.
func AddressPolicies() []AddressPolicy {
	return []AddressPolicy{AddressesKeepStructure, AddressesAsGenerated, AddressesCryptoPAn}
}

// Validate says what is wrong with a policy; "" is right.
func (p AddressPolicy) Validate() error {
	if p == "" || slices.Contains(AddressPolicies(), p) {
		return nil
	}
	return fmt.Errorf("address policy %q is unknown: choose %s, %s or %s", string(p), AddressesKeepStructure, AddressesAsGenerated, AddressesCryptoPAn)
}

// changes reports whether a policy changes addresses.
func (p AddressPolicy) changes() bool { return p != "" && p != AddressesAsGenerated }

// unguessable returns random numbers that no seed repeats, since who knew the
// seed could undo what is renamed.
func unguessable() *rand.Rand {
	var seed [32]byte
	crand.Read(seed[:])
	return rand.New(rand.NewChaCha8(seed))
}

// addressesOf lists the different addresses in the columns of addresses of some
// tables, ascending.
func (w *Workspace) addressesOf(ctx context.Context, tables ...Table) ([]netip.Addr, error) {
	seen := map[netip.Addr]bool{}
	for _, t := range tables {
		for _, c := range t.Schema.Columns {
			if c.Kind != trace.KindAddress {
				continue
			}
			for s, err := range w.db.DistinctTexts(ctx, t.Name, c.Name) {
				if err != nil {
					return nil, err
				}
				if a, err := netip.ParseAddr(s); err == nil {
					seen[a] = true
				}
			}
		}
	}
	out := make([]netip.Addr, 0, len(seen))
	for a := range seen {
		out = append(out, a)
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out, nil
}

// rawTables are the tables of schema raw.
func (w *Workspace) rawTables(ctx context.Context) ([]Table, error) {
	all, err := w.db.Tables(ctx)
	if err != nil {
		return nil, err
	}
	var out []Table
	for _, n := range all {
		if n.Schema != store.Raw {
			continue
		}
		t, err := w.table(ctx, n.String(), store.Raw)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// renamer returns what changes the addresses of some synthetic tables, the same
// in all; nil where the policy changes none. What is no address it leaves as it
// is. An address that is in none of the tables' columns of addresses, but in a
// text, is renamed too.
func (w *Workspace) renamer(ctx context.Context, p AddressPolicy, rng *rand.Rand, tables ...Table) (func(string) string, error) {
	if !p.changes() {
		return nil, nil
	}
	var one func(netip.Addr) netip.Addr
	switch p {
	case AddressesCryptoPAn:
		key := make([]byte, 32)
		for i := 0; i < len(key); i += 8 {
			binary.LittleEndian.PutUint64(key[i:], rng.Uint64())
		}
		c, err := rename.NewCryptoPAn(key)
		if err != nil {
			return nil, err
		}
		one = c.Map
	default:
		ours, err := w.addressesOf(ctx, tables...)
		if err != nil {
			return nil, err
		}
		raw, err := w.rawTables(ctx)
		if err != nil {
			return nil, err
		}
		real, err := w.addressesOf(ctx, raw...)
		if err != nil {
			return nil, err
		}
		keep := rename.NewStructure(real, rng)
		keep.Place(ours)
		one = keep.Map
	}
	return func(s string) string {
		a, err := netip.ParseAddr(s)
		if err != nil || rename.WellKnown(a) {
			return s
		}
		return one(a).String()
	}, nil
}

// ExportOptions say what becomes of values on their way into a file. The zero
// value leaves all as it is.
type ExportOptions struct {
	Addresses AddressPolicy // of a synthetic table; "" for as generated
}

// ExportWith writes a table to a file as Export does, with other addresses where
// the options say so: anew each time, so that several tables that belong
// together are for Publish.
func (w *Workspace) ExportWith(ctx context.Context, table, path string, o ExportOptions) (out Exported, err error) {
	if err := o.Addresses.Validate(); err != nil {
		return out, err
	}
	if !o.Addresses.changes() {
		return w.Export(ctx, table, path)
	}
	t, err := w.table(ctx, table, store.Synth)
	if err != nil {
		return out, err
	}
	if t.Name.Schema != store.Synth {
		return out, fmt.Errorf("%s is no synthetic table, and only in those addresses are changed: leave --addresses out", t.Name)
	}
	if err := placeFor(path); err != nil {
		return out, err
	}
	side, err := sideFolder(ctx, filepath.Dir(path), "export")
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(side)) }()
	j := publishJob{w: w, p: Publish{Addresses: o.Addresses, Text: TextAsGenerated}, tables: []Table{t}, side: side, ids: &identifiers{}}
	if err := j.copy(ctx); err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, j.copies.Close()) }()
	return j.copies.Export(ctx, t.Name.String(), path)
}

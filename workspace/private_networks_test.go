package workspace_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netshare/engine"
	"netshare/engine/privacy"
	"netshare/workspace"
)

// hostsCSV writes flows of so many source hosts, five sessions each, whose
// packets are as many in all records of a session unless they vary.
func hostsCSV(t testing.TB, path string, hosts int, vary bool) string {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(hosts), 5))
	var b strings.Builder
	b.WriteString("srcip,dstip,srcport,dstport,proto,ts,pkt,byt\n")
	ts := int64(1741075200)
	for i := range 5 * hosts {
		host, pkt := i/5, 1+r.IntN(20)
		for range 1 + r.IntN(2) {
			if ts += r.Int64N(3); vary {
				pkt = 1 + r.IntN(20)
			}
			fmt.Fprintf(&b, "10.1.%d.%d,192.0.2.%d,%d,%d,TCP,%d,%d,%d\n", host/250, 1+host%250, 1+r.IntN(3), 40000+i, []int{443, 80}[r.IntN(2)], ts, pkt, pkt*100)
		}
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Networks protect all sessions of a host, learn a public run's trace first,
// whose fields may be the session's in one trace and the record's in the other,
// and refuse a run or table of the private trace itself.
func TestPrivateNetworksOfHosts(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	other := filepath.Join(dir, "public.duckdb")
	pub := open(t, other)
	if _, err := pub.Load(ctx, workspace.Load{Table: "flows", Files: []string{hostsCSV(t, filepath.Join(dir, "public.csv"), 60, true)}}); err != nil {
		t.Fatal(err)
	}
	public, err := pub.Train(ctx, "flows", quick(), engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if err := pub.Close(); err != nil {
		t.Fatal(err)
	}

	ws := open(t, filepath.Join(dir, "lab.duckdb"))
	defer ws.Close()
	if _, err := ws.Load(ctx, workspace.Load{Table: "hosts", Files: []string{hostsCSV(t, filepath.Join(dir, "hosts.csv"), 400, false)}}); err != nil {
		t.Fatal(err)
	}
	o := engine.DefaultOptions()
	o.Epochs = 4
	o.GAN.MetaUnits, o.GAN.LSTMUnits = 32, 16
	o.DP = engine.DP{Budget: privacy.Budget{Epsilon: 30, Delta: 1e-5}, Model: engine.DPGAN, Unit: "host", HostCap: 2, Force: true}
	o.DP.Pretrain = fmt.Sprintf("%s:%d", other, public.Run)
	m, err := ws.Train(ctx, "hosts", o, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	s := m.Privacy
	if s.Unit != "host" || !strings.Contains(s.Means, "at most 2") || s.Epsilon > 30 || s.Epsilon < 29 {
		t.Errorf("the guarantee is of %s (%s), epsilon %g", s.Unit, s.Means, s.Epsilon)
	}
	// Two sessions of each host are looked at, and their number is known with noise.
	if m.Sessions < 600 || m.Sessions > 1000 {
		t.Errorf("%d sessions are looked at, want about 800", m.Sessions)
	}
	if last := s.Mechanisms[len(s.Mechanisms)-1]; last.Kind != privacy.Subsampled || last.Rate != .25 || last.Steps != 16 {
		t.Errorf("the last mechanism is %+v", last)
	}
	if e, _ := s.Ledger().Epsilon(1e-5); e != s.Epsilon {
		t.Errorf("epsilon is %g, of its mechanisms %g", s.Epsilon, e)
	}
	if !strings.Contains(strings.Join(s.Outside, "\n"), "which the networks learnt first") {
		t.Errorf("outside the guarantee are %v", s.Outside)
	}
	made, err := ws.Generate(ctx, m.ID, workspace.Generate{Table: "made", Options: engine.DefaultGenerateOptions()})
	if err != nil || made.Sessions != m.Sessions {
		t.Errorf("made %d sessions, %v", made.Sessions, err)
	}

	// What is no public trace.
	if _, err := ws.Split(ctx, workspace.Split{Table: "hosts", Share: .3}); err != nil {
		t.Fatal(err)
	}
	plain, err := ws.Train(ctx, "hosts", quick(), engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"hosts", "hosts_holdout", fmt.Sprint(plain.Run)} {
		o.DP.Pretrain = name
		if _, err := ws.Train(ctx, "hosts_train", o, engine.Hooks{}); err == nil || !strings.Contains(err.Error(), "the private trace itself, or a part of it") {
			t.Errorf("pretraining on %s: %v", name, err)
		}
	}
	o.DP.Pretrain = filepath.Join(dir, "none.duckdb") + ":flows"
	if _, err := ws.Train(ctx, "hosts", o, engine.Hooks{}); err == nil || !strings.Contains(err.Error(), "there is no workspace") {
		t.Errorf("pretraining on nothing: %v", err)
	}
}

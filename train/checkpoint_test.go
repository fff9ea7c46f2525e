package train

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadRefuses(t *testing.T) {
	m := newTestModel(t, quick())
	whole := encoded(t, m)
	edit := func(f func(b []byte) []byte) []byte { return f(bytes.Clone(whole)) }
	for _, c := range []struct {
		name, want string
		content    []byte
	}{
		{"empty", `begins with "", want "zoetrope training\n"`, nil},
		{"text", `begins with "epoch,loss", want`, []byte("epoch,loss")},
		{"only the magic", "cut off after 18 bytes", whole[:len(checkpointMagic)]},
		{"half", "bytes, want", whole[:len(whole)/2]},
		{"last byte missing", "bytes, want", whole[:len(whole)-1]},
		{"a byte too many", "bytes, want", append(bytes.Clone(whole), 0)},
		{"version", "version 2, want 1", edit(func(b []byte) []byte { b[len(checkpointMagic)] = 2; return b })},
		{"a flipped bit", "the file is damaged", edit(func(b []byte) []byte { b[len(b)/2] ^= 4; return b })},
		{"another network", "conv1.height", resum(bytes.Replace(whole, []byte("conv1.weight"), []byte("conv1.height"), 1))},
		{"another generator", `random numbers are "abc by seed`, resum(bytes.Replace(whole, []byte(`"pcg by`), []byte(`"abc by`), 1))},
		{"no settings", "learning rate 0", resum(bytes.Replace(whole, []byte(`"learning_rate"`), []byte(`"learning-rate"`), 1))},
		{"no JSON", "header: invalid", resum(bytes.Replace(whole, []byte(`{"settings`), []byte(`["settings`), 1))},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "m.ckpt")
			if err := os.WriteFile(path, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load(path, quick())
			if !errors.Is(err, ErrCheckpoint) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("Load = %v, want an ErrCheckpoint with the path and %q", err, c.want)
			}
		})
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.ckpt"), quick()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestLoadRefusesOtherSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.ckpt")
	if err := newTestModel(t, quick()).Save(path); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path, Settings{LearningRate: 1e-4, Batch: 32, Seed: 8})
	want := path + ": settings differ from the checkpoint's: it has learning rate 0.003, now 0.0001; batch 16, now 32; seed 7, now 8"
	if !errors.Is(err, ErrSettings) || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("Load = %v, want %s", err, want)
	}
	s, epoch, err := Saved(path)
	if s != quick() || epoch != 0 || err != nil {
		t.Errorf("Saved = %+v, %d, %v, want %+v, 0", s, epoch, err, quick())
	}
}

func TestSaveReplaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.ckpt")
	for seed := range uint64(2) {
		s := quick()
		s.Seed = seed
		if err := newTestModel(t, s).Save(path); err != nil {
			t.Fatal(err)
		}
	}
	if s, _, err := Saved(path); err != nil || s.Seed != 1 {
		t.Errorf("Saved = %+v, %v, want the second one's seed 1", s, err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%d files in the folder, want the checkpoint alone", len(files))
	}
	err := newTestModel(t, quick()).Save(filepath.Join(dir, "none", "m.ckpt"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("saving to a folder that does not exist: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	m, err := New(quick())
	if err != nil {
		f.Fatal(err)
	}
	whole, err := m.encode()
	if err != nil {
		f.Fatal(err)
	}
	header, _, err := open(whole)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(header)
	f.Add(whole[:checkpointStart])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if int64(len(b)) < numberCount() {
			if _, _, err := decode(b); err == nil {
				t.Fatal("a part was taken for the whole")
			}
		}
		if h, err := decodeHeader(b); err == nil && h.check() != nil {
			t.Fatalf("decoded %+v", h)
		}
	})
}

// resum corrects a checkpoint's checksum.
func resum(b []byte) []byte {
	binary.LittleEndian.PutUint32(b[len(b)-4:], crc32.Checksum(b[:len(b)-4], castagnoli))
	return b
}

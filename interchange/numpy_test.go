package interchange

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/npy"
)

// numpy runs a Python script in a fresh folder, or skips the test where no Python has numpy; where
// ZOETROPE_REQUIRE_ALL is 1, that is a failure.
func numpy(t *testing.T, dir, script string) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import numpy").Run() != nil {
			continue
		}
		cmd := exec.Command(python, "-c", "import numpy as np\n"+script)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	const missing = "no python3 with numpy here: nothing was compared with NumPy's own files (Debian: apt-get install python3-numpy)"
	if os.Getenv("ZOETROPE_REQUIRE_ALL") == "1" {
		t.Fatal(missing)
	}
	t.Skip("SKIPPED: " + missing)
	return ""
}

func TestFilesFromNumPy(t *testing.T) {
	dir := t.TempDir()
	numpy(t, dir, `
a = np.arange(2*5*3).reshape(2, 5, 3) / 4 - 1
for t in "f2", "f4", "f8":
    np.save(t, a.astype(t))
np.save("one", a[0].astype("f4"))
np.save("fortran", np.asfortranarray(a.astype("f4")))
np.save("big", a.astype(">f4"))
for v in 2, 3:
    np.lib.format.write_array(open("v%d.npy" % v, "wb"), a.astype("f4"), version=(v, 0))
for t in "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8":
    np.save("labels_" + t, np.array([0, 9, 3], t))
np.save("labels_bool", np.array([True, False]))
np.save("labels_str", np.array(["Digit: 0", "é", ""]))
np.save("labels_bytes", np.array([b"cat", b"horse"]))
np.save("images", np.arange(2*4*3, dtype="u1").reshape(2, 4, 3))
`)
	want := make([]float32, 2*5*3)
	for i := range want {
		want[i] = float32(i)/4 - 1
	}
	for _, name := range []string{"f2", "f4", "f8", "v2", "v3", "one", "fortran", "big"} {
		m, err := npy.OpenMatrix(filepath.Join(dir, name+".npy"))
		if err != nil {
			t.Error(err)
			continue
		}
		defer m.Close()
		if m.Rows != 5 || m.Dim != 3 {
			t.Errorf("%s is %d×%d×%d, want 5×3 an epoch", name, m.Epochs, m.Rows, m.Dim)
		}
		for e := range m.Epochs {
			if got, err := m.Next(); err != nil || !reflect.DeepEqual(got, want[e*15:e*15+15]) {
				t.Errorf("%s, epoch %d = %v, %v", name, e, got, err)
			}
		}
	}
	for _, test := range []struct {
		name string
		want []string
	}{
		{"i1", []string{"0", "9", "3"}}, {"i2", []string{"0", "9", "3"}}, {"i4", []string{"0", "9", "3"}}, {"i8", []string{"0", "9", "3"}},
		{"u1", []string{"0", "9", "3"}}, {"u2", []string{"0", "9", "3"}}, {"u4", []string{"0", "9", "3"}}, {"u8", []string{"0", "9", "3"}},
		{"bool", []string{"true", "false"}}, {"str", []string{"Digit: 0", "é", ""}}, {"bytes", []string{"cat", "horse"}},
	} {
		got, err := npy.ReadLabels(filepath.Join(dir, "labels_"+test.name+".npy"))
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("labels_%s = %q, %v, want %q", test.name, got, err, test.want)
		}
	}
	im, err := npy.OpenImages(filepath.Join(dir, "images.npy"))
	if err != nil {
		t.Fatal(err)
	}
	defer im.Close()
	if im.Count != 2 || im.Height != 4 || im.Width != 3 {
		t.Errorf("images are %d of %d×%d, want 2 of 4×3", im.Count, im.Height, im.Width)
	}
}

func TestFilesForNumPy(t *testing.T) {
	dir := t.TempDir()
	var floats, bytes1, ints bytes.Buffer
	if err := Write(&floats, []float32{1, 2, 3, float32(math.NaN()), 5, 6}, 1, 3, 2); err != nil {
		t.Fatal(err)
	}
	if err := Write(&bytes1, []uint8{1, 2, 255}, 3); err != nil {
		t.Fatal(err)
	}
	if err := Write(&ints, []int64{-1}, 1, 1, 1, 1); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*bytes.Buffer{"floats": &floats, "bytes": &bytes1, "ints": &ints} {
		if err := os.WriteFile(filepath.Join(dir, name+".npy"), b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	out := numpy(t, dir, `
for name in "floats", "bytes", "ints":
    a = np.load(name + ".npy")
    print(a.dtype, a.shape, a.ravel().tolist())
`)
	const want = "float32 (1, 3, 2) [1.0, 2.0, 3.0, nan, 5.0, 6.0]\nuint8 (3,) [1, 2, 255]\nint64 (1, 1, 1, 1) [-1]\n"
	if strings.ReplaceAll(out, "\r", "") != want {
		t.Errorf("NumPy read\n%swant\n%s", out, want)
	}
}

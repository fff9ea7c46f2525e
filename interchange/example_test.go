package interchange_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/zoetrope-ml/zoetrope/interchange"
)

// Embeddings of two epochs, three samples and two columns, written for NumPy and read back epoch by epoch.
func Example() {
	dir, err := os.MkdirTemp("", "interchange")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "embeddings.npy")

	var file bytes.Buffer
	if err := interchange.Write(&file, []float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 2, 3, 2); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o666); err != nil {
		log.Fatal(err)
	}

	m, err := interchange.OpenMatrix(path)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	fmt.Println(m.Epochs, "epochs of", m.Rows, "×", m.Dim)
	for {
		vectors, err := m.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(vectors)
	}
	// Output:
	// 2 epochs of 3 × 2
	// [0 1 2 3 4 5]
	// [6 7 8 9 10 11]
}

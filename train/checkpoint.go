package train

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"slices"
)

// ErrCheckpoint is wrapped by [Load] when a file is not a whole checkpoint of this network.
var ErrCheckpoint = errors.New("not a usable checkpoint")

// A checkpoint is: the magic, the version, the header's length (both uint32), the header as JSON,
// then for each parameter its weights and Adam's two running means as float32 in PyTorch's layout,
// and the CRC-32C of all that. Numbers are little-endian.
const (
	checkpointMagic   = "zoetrope training\n"
	checkpointVersion = 1
	checkpointStart   = len(checkpointMagic) + 8
	maxCheckpoint     = 64 << 20 // bytes; this network's have 5 MB
)

// header is the JSON before a checkpoint's numbers.
type header struct {
	Settings   Settings    `json:"settings"`
	Epoch      int         `json:"epoch"` // completed
	Step       int         `json:"step"`  // taken
	Data       fingerprint `json:"data"`  // of the training set; zero before the first epoch
	Random     string      `json:"random"`
	Parameters []shape     `json:"parameters"`
}

// randomState names the generator, whose whole state is the settings' seed and the epoch:
// PCG, seeded afresh for each epoch's shuffle and for each parameter's first values.
const randomState = "pcg by seed and epoch, v1"

type shape struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
}

func (a shape) equal(b shape) bool { return a.Name == b.Name && slices.Equal(a.Shape, b.Shape) }

// network lists the parameters that a checkpoint of this network has.
func network() []shape {
	var n []shape
	for _, s := range specs {
		n = append(n, shape{s.name, s.shape})
	}
	return n
}

// Save writes a checkpoint of the model, from which [Load] goes on. The file is replaced as a whole:
// after a crash it is the old one or the new one, never a part.
func (m *Model) Save(path string) error {
	if m.broken != nil {
		return fmt.Errorf("train: save %s: epoch %d was not completed: %w", path, m.epoch+1, m.broken)
	}
	b, err := m.encode()
	if err != nil {
		return fmt.Errorf("train: save %s: %w", path, err)
	}
	if err := replaceFile(path, b); err != nil {
		return fmt.Errorf("train: save checkpoint: %w", err)
	}
	return nil
}

// Load returns the model that was saved at path. The settings must be the checkpoint's:
// see [Saved] for what they are. Errors name the file and the expectation.
func Load(path string, s Settings) (*Model, error) {
	h, numbers, err := readCheckpoint(path)
	if err != nil {
		return nil, err
	}
	if err := s.differ(h.Settings); err != nil {
		return nil, fmt.Errorf("train: %s: %w", path, err)
	}
	m, err := newModel(s, fused)
	if err != nil {
		return nil, err
	}
	m.resume(h.Epoch, h.Step)
	m.data = h.Data
	for _, p := range m.parameters {
		for _, dst := range [][]float32{p.weights(), p.mean, p.variance} {
			p.place(dst, numbers[:p.size()])
			numbers = numbers[p.size():]
		}
	}
	return m, nil
}

// Saved returns the settings of the checkpoint at path and the epochs it has completed.
func Saved(path string) (s Settings, epoch int, err error) {
	h, _, err := readCheckpoint(path)
	if err != nil {
		return Settings{}, 0, err
	}
	return h.Settings, h.Epoch, nil
}

func (m *Model) encode() ([]byte, error) {
	h, err := json.Marshal(header{m.settings, m.epoch, m.Step(), m.data, randomState, network()})
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, int64(checkpointStart+len(h))+4*numberCount()+4)
	b = append(b, checkpointMagic...)
	b = binary.LittleEndian.AppendUint32(b, checkpointVersion)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(h)))
	b = append(b, h...)
	for _, p := range m.parameters {
		values := make([]float32, p.size())
		for _, src := range [][]float32{p.weights(), p.mean, p.variance} {
			p.collect(values, src)
			for _, v := range values {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
			}
		}
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)), nil
}

func readCheckpoint(path string) (*header, []float32, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("train: checkpoint: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxCheckpoint+1))
	if err != nil {
		return nil, nil, fmt.Errorf("train: checkpoint: %w", err)
	}
	h, numbers, err := decode(b)
	if err != nil {
		return nil, nil, fmt.Errorf("train: %s: %w: %w", path, ErrCheckpoint, err)
	}
	return h, numbers, nil
}

// decode takes a checkpoint apart and checks every part of it.
func decode(b []byte) (*header, []float32, error) {
	start, body, err := open(b)
	if err != nil {
		return nil, nil, err
	}
	h, err := decodeHeader(start)
	if err != nil {
		return nil, nil, err
	}
	numbers := make([]float32, len(body)/4)
	for i := range numbers {
		numbers[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[4*i:]))
	}
	return h, numbers, nil
}

// open returns a checkpoint's header and its numbers, if it is whole.
func open(b []byte) (header, numbers []byte, err error) {
	if len(b) > maxCheckpoint {
		return nil, nil, fmt.Errorf("more than %d bytes", maxCheckpoint)
	}
	if !bytes.HasPrefix(b, []byte(checkpointMagic)) {
		return nil, nil, fmt.Errorf("it begins with %q, want %q", b[:min(len(b), len(checkpointMagic))], checkpointMagic)
	}
	if len(b) < checkpointStart {
		return nil, nil, fmt.Errorf("cut off after %d bytes", len(b))
	}
	if v := binary.LittleEndian.Uint32(b[len(checkpointMagic):]); v != checkpointVersion {
		return nil, nil, fmt.Errorf("version %d, want %d", v, checkpointVersion)
	}
	end := int64(checkpointStart) + int64(binary.LittleEndian.Uint32(b[len(checkpointMagic)+4:]))
	if want := end + 4*numberCount() + 4; int64(len(b)) != want {
		return nil, nil, fmt.Errorf("%d bytes, want %d", len(b), want)
	}
	b, sum := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if got := crc32.Checksum(b, castagnoli); got != sum {
		return nil, nil, fmt.Errorf("checksum %08x, want %08x: the file is damaged", got, sum)
	}
	return b[checkpointStart:end], b[end:], nil
}

func decodeHeader(b []byte) (*header, error) {
	h := &header{}
	if err := json.Unmarshal(b, h); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	return h, h.check()
}

func (h *header) check() error {
	if err := h.Settings.Validate(); err != nil {
		return err
	}
	if h.Epoch < 0 || h.Step < 0 {
		return fmt.Errorf("epoch %d, step %d: want 0 or more", h.Epoch, h.Step)
	}
	if h.Random != randomState {
		return fmt.Errorf("random numbers are %q, want %q", h.Random, randomState)
	}
	if want := network(); !slices.EqualFunc(h.Parameters, want, shape.equal) {
		return fmt.Errorf("parameters %v, want %v", h.Parameters, want)
	}
	return nil
}

// numberCount is how many float32 a checkpoint holds.
func numberCount() int64 {
	var n int64
	for _, s := range specs {
		n += 3 * int64(s.size())
	}
	return n
}

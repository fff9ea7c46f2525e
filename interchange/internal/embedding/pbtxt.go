// Package embedding reads the configuration and the tensors of a folder of TensorBoard's embedding projector.
package embedding

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/regular"
)

// ConfigName is the file that says what a folder of TensorBoard's projector holds.
const ConfigName = "projector_config.pbtxt"

const (
	maxConfig     = 16 << 20 // bytes of a configuration
	maxNesting    = 16       // messages in messages
	maxEmbeddings = 1 << 16
)

// A projectorConfig is TensorBoard's ProjectorConfig, as far as it is about embeddings.
type projectorConfig struct {
	Embeddings []Embedding
	Ours       bool         // it begins with [EscapedComment]
	Kinds      []cells.Kind // of the metadata, where it says them: see [KindsComment]
}

// An Embedding is TensorBoard's EmbeddingInfo: paths are relative to the configuration's folder.
type Embedding struct {
	TensorName, TensorPath, MetadataPath string
	Shape                                []int
	SpritePath                           string
	SpriteDim                            []int // width, height of one picture
}

func ReadConfig(path string) (*projectorConfig, error) {
	f, size, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	f.Close()
	if size > maxConfig {
		return nil, fmt.Errorf("%s has %d bytes: want a projector's configuration of at most %d", path, size, maxConfig)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := ParseConfig(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// ParseConfig reads the text form of a ProjectorConfig; fields that are not about embeddings are passed over.
func ParseConfig(text string) (*projectorConfig, error) {
	p := &pbtxt{text: text, line: 1}
	c := &projectorConfig{Ours: strings.HasPrefix(text, EscapedComment+"\n")}
	if rest, ok := strings.CutPrefix(text, EscapedComment+"\n"+KindsComment); ok {
		line, _, _ := strings.Cut(rest, "\n")
		for _, name := range strings.Fields(line) {
			c.Kinds = append(c.Kinds, cells.Kind(max(0, slices.Index(cells.KindNames, name))))
		}
	}
	err := p.message(0, func(field string, v pbValue) error {
		if field != "embeddings" && field != "embedding" {
			return nil
		}
		if !v.message {
			return fmt.Errorf("%s: want { … }", field)
		}
		if len(c.Embeddings) == maxEmbeddings {
			return fmt.Errorf("there are more than %d embeddings", maxEmbeddings)
		}
		c.Embeddings = append(c.Embeddings, Embedding{})
		return p.message(1, c.Embeddings[len(c.Embeddings)-1].set(p))
	})
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", p.line, err)
	}
	return c, nil
}

// set returns what takes the fields of an embedding.
func (e *Embedding) set(p *pbtxt) func(string, pbValue) error {
	return func(field string, v pbValue) error {
		to := map[string]*string{"tensor_name": &e.TensorName, "tensor_path": &e.TensorPath, "metadata_path": &e.MetadataPath}[field]
		switch {
		case to != nil:
			if !v.quoted {
				return fmt.Errorf("%s is %.40q: want a string in quotes", field, v.text)
			}
			*to = v.text
		case field == "tensor_shape":
			n, err := v.size(field)
			e.Shape = append(e.Shape, n)
			return err
		case field == "sprite" && v.message:
			return p.message(2, func(field string, v pbValue) error {
				switch field {
				case "image_path":
					e.SpritePath = v.text
				case "single_image_dim":
					n, err := v.size(field)
					e.SpriteDim = append(e.SpriteDim, n)
					return err
				}
				return nil
			})
		}
		return nil
	}
}

// A pbValue is a field's value: a scalar, or a message whose content follows.
type pbValue struct {
	text            string
	quoted, message bool
}

func (v pbValue) size(field string) (int, error) {
	n, err := strconv.Atoi(v.text)
	if err != nil || n < 1 || v.quoted {
		return 0, fmt.Errorf("%s is %.40q: want a whole number above 0", field, v.text)
	}
	return n, nil
}

// pbtxt reads protocol buffers' text format.
type pbtxt struct {
	text string
	at   int
	line int
}

// message calls f with every field up to the message's end. A message that f does not read is passed over.
func (p *pbtxt) message(depth int, f func(field string, v pbValue) error) error {
	if depth > maxNesting {
		return fmt.Errorf("messages are nested more than %d deep", maxNesting)
	}
	for {
		p.space()
		if p.at == len(p.text) {
			if depth > 0 {
				return fmt.Errorf("the text ends within { … }: it is truncated")
			}
			return nil
		}
		if c := p.text[p.at]; c == '}' || c == '>' {
			p.at++
			if depth == 0 {
				return fmt.Errorf("%q closes nothing", c)
			}
			p.separator()
			return nil
		}
		field := p.word()
		if field == "" {
			return fmt.Errorf("want a field's name, not %.20q", p.text[p.at:])
		}
		if err := p.values(field, depth, f); err != nil {
			return err
		}
	}
}

// values reads a field's value, or its list of values.
func (p *pbtxt) values(field string, depth int, f func(string, pbValue) error) error {
	p.space()
	colon := p.accept(":")
	p.space()
	list := colon && p.accept("[")
	for {
		p.space()
		if list && p.accept("]") {
			break
		}
		if p.accept("{") || p.accept("<") {
			before := p.at
			if err := f(field, pbValue{message: true}); err != nil {
				return err
			}
			if p.at == before { // not read
				err := p.message(depth+1, func(string, pbValue) error { return nil })
				if err != nil {
					return err
				}
			}
		} else {
			if !colon {
				return fmt.Errorf("%s: want a colon and a value", field)
			}
			v, err := p.scalar()
			if err != nil {
				return fmt.Errorf("%s: %w", field, err)
			}
			if err := f(field, v); err != nil {
				return err
			}
		}
		if !list {
			break
		}
		p.space()
		if !p.accept(",") {
			p.space()
			if !p.accept("]") {
				return fmt.Errorf("%s: want a comma or ] in the list", field)
			}
			break
		}
	}
	p.separator()
	return nil
}

func (p *pbtxt) accept(s string) bool {
	if strings.HasPrefix(p.text[p.at:], s) {
		p.at += len(s)
		return true
	}
	return false
}

func (p *pbtxt) separator() {
	p.space()
	if !p.accept(",") {
		p.accept(";")
	}
}

// space passes over white space and comments.
func (p *pbtxt) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case '\n':
			p.line++
			p.at++
		case ' ', '\t', '\r', '\v', '\f':
			p.at++
		case '#':
			for p.at < len(p.text) && p.text[p.at] != '\n' {
				p.at++
			}
		default:
			return
		}
	}
}

// word reads letters, digits and what numbers are written with.
func (p *pbtxt) word() string {
	from := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c != '_' && c != '.' && c != '-' && c != '+' && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') {
			break
		}
		p.at++
	}
	return p.text[from:p.at]
}

// scalar reads a word, or one or more strings in quotes, which are one.
func (p *pbtxt) scalar() (v pbValue, err error) {
	var whole strings.Builder
	for p.at < len(p.text) && (p.text[p.at] == '"' || p.text[p.at] == '\'') {
		part, err := p.quoted(p.text[p.at])
		if err != nil {
			return v, err
		}
		whole.WriteString(part)
		v.quoted = true
		p.space()
	}
	if v.quoted {
		v.text = whole.String()
		return v, nil
	}
	if v.text = p.word(); v.text == "" {
		return v, fmt.Errorf("want a value, not %.20q", p.text[p.at:])
	}
	return v, nil
}

// quoted reads a string up to its closing quote.
func (p *pbtxt) quoted(quote byte) (string, error) {
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; c {
		case quote:
			p.at++
			return b.String(), nil
		case '\n':
			return "", fmt.Errorf("the string does not end on its line")
		case '\\':
			rest := p.text[p.at+1:]
			if rest == "" {
				return "", fmt.Errorf("the string does not end: the text is truncated")
			}
			n := 1
			switch c := rest[0]; c {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case 'r':
				b.WriteByte('\r')
			case '\\', '\'', '"', '?':
				b.WriteByte(c)
			case '0', '1', '2', '3': // octal: three digits, as protocol buffers write it
				for n < 3 && n < len(rest) && rest[n] >= '0' && rest[n] <= '7' {
					n++
				}
				v, _ := strconv.ParseUint(rest[:n], 8, 8)
				b.WriteByte(byte(v))
			default:
				return "", fmt.Errorf("the string has an unknown escape \\%c", c)
			}
			p.at += n
		default:
			b.WriteByte(c)
		}
	}
	return "", fmt.Errorf("the string does not end: the text is truncated")
}

var stepName = regexp.MustCompile(`^(.*):(\d{1,9})$`)

// LayerAndStep takes a tensor's name apart.
func (e *Embedding) LayerAndStep() (layer string, step int, ok bool) {
	m := stepName.FindStringSubmatch(e.TensorName)
	if m == nil {
		return e.TensorName, 0, false
	}
	step, err := strconv.Atoi(m[2])
	return m[1], step, err == nil
}

// What begins a configuration that was written by us.
const (
	// EscapedComment in the configuration says that the metadata were written with [escapeTSV].
	EscapedComment = "# zoetrope: in metadata files, \\t, \\n, \\r and \\\\ stand for tab, newline, carriage return and backslash"

	// KindsComment, on the next line, begins what the columns of the metadata are that follow id and label: see [cells.KindNames].
	KindsComment = "# zoetrope: the columns of metadata after id and label are:"
)

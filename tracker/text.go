package tracker

import "github.com/zoetrope-ml/zoetrope/internal/value"

// Text returns the text of a value as a label, an id or a prediction, for [Sample] and [Outputs]. The same value has the
// same text from whichever program, file or type it comes to the store:
//
//   - text is itself, also where it looks like a number: 1.10, 1e5, 007 and true stay;
//   - nil and NaN are the empty text, which is no label;
//   - truth values are true and false;
//   - whole numbers are decimal, also those of floats: 3.0 is 3, −0 is 0, 1e5 is 100000, up to 2⁵³;
//   - other floats are the shortest decimal that tells them apart in their own precision: float32(0.1) and 0.1 are 0.1;
//   - a [json.Number] is what it is worth, with all digits if it is whole;
//   - a [time.Time] is ISO 8601 in UTC: 2024-02-29T12:30:00Z;
//   - a type with an encoding.TextMarshaler or a fmt.Stringer has the text of that; a pointer that of what it points to.
//
// Lists, maps, structs and the like have none and are refused with [ErrInvalid].
func Text(v any) (string, error) {
	s, err := value.Text(v)
	if err != nil {
		return "", refuse(ErrInvalid, "%v", err)
	}
	return s, nil
}

package hubtest

import (
	"encoding/json"
	"fmt"
	"time"

	"hearsay/hub/wire"
)

// Conforms says where a payload differs from its row in the table of events: what is
// unknown there, or missing here, or of another type.
func Conforms(m *wire.Message, payload json.RawMessage) error {
	if payload == nil {
		if m == nil || len(m.Fields) == 0 || m.Optional {
			return nil
		}
		return fmt.Errorf("there is no payload")
	}
	if m == nil {
		return fmt.Errorf("the row has no payload, this is %s", payload)
	}
	if !m.List {
		return object("payload", m.Fields, payload)
	}
	return list("payload", m.Fields, payload)
}

func list(at string, fields []wire.Field, raw json.RawMessage) error {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	for i, item := range items {
		if err := object(fmt.Sprintf("%s[%d]", at, i), fields, item); err != nil {
			return err
		}
	}
	return nil
}

func object(at string, fields []wire.Field, raw json.RawMessage) error {
	o, err := wire.DecodeObject(raw)
	if err != nil {
		return fmt.Errorf("%s is %s: %w", at, raw, err)
	}
	for _, f := range fields {
		value, there := o[f.Name]
		delete(o, f.Name)
		switch {
		case !there && f.Required:
			return fmt.Errorf("%s has no %s: %s", at, f.Name, raw)
		case there:
			if err := member(at+"."+f.Name, f, value); err != nil {
				return err
			}
		}
	}
	for key := range o {
		return fmt.Errorf("%s has %s, which the row has not: %s", at, key, raw)
	}
	return nil
}

func member(at string, f wire.Field, raw json.RawMessage) (err error) {
	if string(raw) == "null" {
		return nil
	}
	switch f.Type {
	case "text", "UUID":
		err = json.Unmarshal(raw, new(string))
	case "instant", "date":
		form, text := time.RFC3339Nano, ""
		if f.Type == "date" {
			form = time.DateOnly
		}
		if err = json.Unmarshal(raw, &text); err == nil {
			_, err = time.Parse(form, text)
		}
	case "integer":
		err = json.Unmarshal(raw, new(int64))
	case "boolean":
		err = json.Unmarshal(raw, new(bool))
	case "list of texts":
		err = json.Unmarshal(raw, new([]string))
	case "list of objects":
		return list(at, f.Of, raw)
	case "object":
		if f.Of != nil {
			return object(at, f.Of, raw)
		}
		err = json.Unmarshal(raw, new(map[string]any))
	default:
		err = fmt.Errorf("the type %q is unknown", f.Type)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	return nil
}

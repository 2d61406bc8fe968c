// The merge that the API server itself uses, asked from outside.
//
// Usage: managed_fields < SEQUENCES
// Reads a list of sequences of steps {"by", "apply", "force", "object"} on an object of which nothing
// is there but its name, and prints what is after each: {"object", "managers", "conflicts"}, where
// managers are {"NAME": fieldsV1}. A step that is refused changes nothing.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"sigs.k8s.io/structured-merge-diff/fieldpath"
	"sigs.k8s.io/structured-merge-diff/merge"
	"sigs.k8s.io/structured-merge-diff/typed"
)

const version = fieldpath.APIVersion("v1")

// What the kinds of the tests have in common with those of the API server.
const kinds = typed.YAMLObject(`types:
- name: object
  map:
    fields:
    - name: metadata
      type: {namedType: metadata}
    - name: spec
      type: {namedType: spec}
- name: metadata
  map:
    fields:
    - name: name
      type: {scalar: string}
    - name: annotations
      type: {map: {elementType: {scalar: string}}}
    - name: labels
      type: {map: {elementType: {scalar: string}}}
    - name: finalizers
      type: {list: {elementType: {scalar: string}, elementRelationship: associative}}
- name: spec
  map:
    fields:
    - name: note
      type: {scalar: string}
    - name: rules
      type: {list: {elementType: {map: {elementType: {scalar: string}}}, elementRelationship: atomic}}
    - name: selector
      type: {map: {elementType: {scalar: string}, elementRelationship: atomic}}
    - name: limit
      type: {namedType: limit}
    - name: containers
      type: {list: {elementType: {namedType: container}, elementRelationship: associative, keys: [name]}}
- name: limit
  map:
    fields:
    - name: average
      type: {scalar: numeric}
    - name: burst
      type: {scalar: numeric}
- name: container
  map:
    fields:
    - name: name
      type: {scalar: string}
    - name: image
      type: {scalar: string}
    - name: env
      type: {list: {elementType: {namedType: variable}, elementRelationship: associative, keys: [name]}}
- name: variable
  map:
    fields:
    - name: name
      type: {scalar: string}
    - name: value
      type: {scalar: string}
`)

type step struct {
	By     string                 `json:"by"`
	Apply  bool                   `json:"apply"`
	Force  bool                   `json:"force"`
	Object map[string]interface{} `json:"object"`
}

type state struct {
	Object    interface{}                `json:"object"`
	Managers  map[string]json.RawMessage `json:"managers"`
	Conflicts []string                   `json:"conflicts"`
}

type sameVersion struct{}

func (sameVersion) Convert(object *typed.TypedValue, _ fieldpath.APIVersion) (*typed.TypedValue, error) {
	return object, nil
}

func (sameVersion) IsMissingVersionError(error) bool { return false }

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// What the API server keeps itself has no manager.
var unowned = fieldpath.NewSet(
	fieldpath.MakePathOrDie("metadata"),
	fieldpath.MakePathOrDie("metadata", "name"),
)

// An object with a type has no empty members, and always its first ones.
func complete(object interface{}) map[string]interface{} {
	withoutNulls, _ := dropNulls(object).(map[string]interface{})
	if withoutNulls["spec"] == nil {
		withoutNulls["spec"] = map[string]interface{}{}
	}
	return withoutNulls
}

func dropNulls(value interface{}) interface{} {
	switch value := value.(type) {
	case map[string]interface{}:
		kept := map[string]interface{}{}
		for name, member := range value {
			if member != nil {
				kept[name] = dropNulls(member)
			}
		}
		return kept
	case []interface{}:
		kept := []interface{}{}
		for _, item := range value {
			kept = append(kept, dropNulls(item))
		}
		return kept
	}
	return value
}

func play(kind typed.ParseableType, steps []step) (states []state) {
	updater := merge.Updater{Converter: sameVersion{}}
	read := func(object interface{}) *typed.TypedValue {
		value, err := kind.FromUnstructured(object)
		must(err)
		return value
	}
	object := map[string]interface{}{
		"metadata": map[string]interface{}{"name": "web"},
		"spec":     map[string]interface{}{},
	}
	managers := fieldpath.ManagedFields{}
	for _, step := range steps {
		conflicts := []string{}
		next := managers.Copy()
		var after *typed.TypedValue
		var err error
		if step.Apply {
			after, next, err = updater.Apply(read(object), read(step.Object), version, next, step.By, step.Force)
		} else {
			after, next, err = updater.Update(read(object), read(step.Object), version, next, step.By)
		}
		if refused, ok := err.(merge.Conflicts); ok {
			for _, conflict := range refused {
				conflicts = append(conflicts, conflict.Manager+" "+conflict.Path.String())
			}
			sort.Strings(conflicts)
		} else {
			must(err)
			if after != nil {
				object = complete(after.AsValue().Unstructured())
			}
			managers = fieldpath.ManagedFields{}
			for name, set := range next {
				if left := set.Set().Difference(unowned); !left.Empty() {
					managers[name] = fieldpath.NewVersionedSet(left, version, set.Applied())
				}
			}
		}
		sets := map[string]json.RawMessage{}
		for name, set := range managers {
			fields, err := set.Set().ToJSON()
			must(err)
			sets[name] = fields
		}
		states = append(states, state{object, sets, conflicts})
	}
	return states
}

func main() {
	parser, err := typed.NewParser(kinds)
	must(err)
	var sequences [][]step
	must(json.NewDecoder(os.Stdin).Decode(&sequences))
	played := [][]state{}
	for _, steps := range sequences {
		played = append(played, play(parser.Type("object"), steps))
	}
	must(json.NewEncoder(os.Stdout).Encode(played))
}

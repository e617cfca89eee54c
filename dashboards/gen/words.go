package gen

import "plantroom"

// What the data source gives as a word of the API, in words for people.

// valuesOf maps values to what is shown of them.
func valuesOf(list ...Shade) []Mapping {
	values := map[string]Shown{}
	for i, s := range list {
		values[s.State] = Shown{Text: s.Text, Colour: s.Colour, Index: i}
	}
	return []Mapping{{Type: "value", Options: values}}
}

// clockWords say what each promise is about, as the league's columns do.
func clockWords() []Mapping {
	return valuesOf(
		Shade{string(plantroom.Acknowledge), "To answer", ""}, Shade{string(plantroom.Attend), "To arrive", ""},
		Shade{string(plantroom.Release), "To free people", ""}, Shade{string(plantroom.Restore), "To restore", ""})
}

// orderStates are the states of an order: yellow and orange where nobody has it
// yet, red where it was refused, blue where somebody is on it.
func orderStates() []Shade {
	return []Shade{
		{string(plantroom.Declined), "Declined", red},
		{string(plantroom.Raised), "Raised", orange},
		{string(plantroom.Reopened), "Reopened", orange},
		{string(plantroom.Dispatched), "Dispatched", yellow},
		{string(plantroom.Acknowledged), "Acknowledged", blue},
		{string(plantroom.Attended), "On site", blue},
		{string(plantroom.Restored), "Said to be fixed", blue},
		{string(plantroom.Verified), "Proved", green},
		{string(plantroom.Closed), "Closed", green},
		{string(plantroom.Cancelled), "Cancelled", grey},
		{string(plantroom.Merged), "Merged", grey},
	}
}

// inOrder lists the values in their order.
func inOrder(list []Shade) (values []string) {
	for _, s := range list {
		values = append(values, s.State)
	}
	return values
}

// domainWords are the names of the domains.
func (m *maker) domainWords() []Mapping {
	var list []Shade
	for _, d := range m.Domains {
		list = append(list, Shade{string(d.Name), title(d), ""})
	}
	return valuesOf(append(list, Shade{string(m.Devices.Name), title(m.Devices), ""})...)
}

// nobody stands where an order has no contractor.
func nobody() []Mapping { return emptyIs("Nobody") }

// foreign stands for what came from no gateway of the estate.
func foreign() []Mapping { return emptyIs("None of the estate's") }

func emptyIs(word string) []Mapping {
	return []Mapping{{Type: "special", Options: map[string]any{"match": "empty", "result": Shown{Text: word}}}}
}

"""Changes divisions: places are renamed, re-coded, merged, split and moved, and all that lies in them goes along."""

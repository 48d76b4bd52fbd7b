package store

import "golang.org/x/sys/windows"

// room is how many bytes are free, and how many there are, on a folder's disk.
func room(folder string) (free, total int64, err error) {
	name, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return 0, 0, err
	}
	var mine, all, unused uint64
	err = windows.GetDiskFreeSpaceEx(name, &mine, &all, &unused)
	return int64(mine), int64(all), err
}

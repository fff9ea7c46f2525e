//go:build race

package ingest_test

const raceDetector = true // everything takes many times as long

import "./address.test";
import "./camera.test";
import "./playhead.test";
import "./cloud.test";
import "./colouring.test";
import "./columnlist.test";
import "./columns.test";
import "./format.test";
import "./packed.test";
import "./palette.test";
import "./picture.test";
import "./region.test";
import "./selection.test";
import "./runs.test";
import "./series.test";
import "./table.test";
import "./webm.test";

export { runAll } from "./harness";

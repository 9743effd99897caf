// Prompts as `ouroboros bench` has them.
import { readPrompts } from '../dist/bench/prompts.js'
import { findTasks } from '../dist/bench/task.js'

/** The first `count` prompts of a task. */
export function prompts(folder, task, count) {
  return findTasks(task).flatMap((one) => readPrompts(folder, one, count).measured)
}
